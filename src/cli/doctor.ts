/** `teal doctor`: whether the world is really led to this server, and what is in the way. */
import type { Command } from 'commander';
import type { Fleet, Service, Zone } from '../contract/types.ts';
import { path } from './api.ts';
import { type Diagnosis, diagnosisLines } from './doctor/diagnosis.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { plural } from './format/text.ts';
import { wholeNumber } from './option-values.ts';
import { describeRemote, openSession, type Session, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface Options extends SessionOptions {
  readonly resolver?: string;
  readonly root?: string;
  readonly port: number;
}

interface Chapter {
  readonly about: string;
  readonly findings: readonly Diagnosis[];
}

/** Text is easier to read when it is not too wide. */
const WIDTH_MAX = 100;

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('doctor [zones...]')
    .helpGroup('Looking:')
    .summary('is the world led to this server, what is in the way')
    .description(
      'Look at zones (all of the server, unless named) as the world sees them: delegation and glue at the parent, every ' +
        'nameserver over UDP and TCP, SOA agreement, EDNS and sizes, TTLs; and at port 53, AF_XDP and the clock here. Each finding ' +
        'says what is so, why it matters, and what to do. Exit code 1 where there is an error.',
    )
    .option(
      '--resolver <address>',
      'a resolver (address or address:port) to find the parent, instead of a walk from the root',
    )
    .option('--root <address>', 'begin the walk at this server instead of the root servers')
    .option('--port <number>', 'port on which nameservers are asked', wholeNumber, 53)
    .action((zones: string[], options: Options) => doctor(zones, options, shell));
  describeRemote(
    command,
    `
    teal doctor
    teal doctor example.com --resolver 9.9.9.9
    teal doctor example.com --json | jq '.chapters[].findings[] | select(.level == "error")'
    `,
  );
}

async function doctor(named: readonly string[], options: Options, shell: Shell): Promise<void> {
  const session = await openSession(shell, options);
  const server = await lookAtServer(session, named);
  const [{ askAt }, { lower, Walk }, { examineZone }, { examineTtls }, { examineAbove }] = await Promise.all([
    import('../asking/ask.ts'),
    import('../asking/walk.ts'),
    import('./doctor/zone.ts'),
    import('./doctor/ttls.ts'),
    import('./doctor/above.ts'),
  ]);
  const ask = askAt(options.port);
  const walk = new Walk(ask, {
    resolver: options.resolver,
    ...(options.root !== undefined && { roots: [options.root] }),
  });
  const chapters: Chapter[] = [await lookAtMachine(session, server.findings, options)];
  show(session, chapters[0]);
  const names = named.length > 0 ? named.map(lower) : server.zones.map(({ name }) => name);
  for (const name of names) {
    const known = server.zones.find((zone) => zone.name === name);
    const services = server.services.filter(({ zone }) => zone === name);
    const serviceNames = services.map((service) => service.name);
    const outside = await examineZone(name, ask, walk, known, serviceNames);
    const inside = known ? examineTtls(known, services) : [];
    const above = known ? await examineAbove(name, session.api) : [];
    const chapter = { about: name, findings: [...outside, ...inside, ...above] };
    show(session, chapter);
    chapters.push(chapter);
  }
  conclude(session, chapters);
}

interface ServerSight {
  readonly zones: readonly Zone[];
  readonly services: readonly Service[];
  readonly findings: readonly Diagnosis[];
}

/** A zone that was named can be looked at without the server too. */
async function lookAtServer({ api }: Session, named: readonly string[]): Promise<ServerSight> {
  try {
    const zones =
      named.length === 0
        ? await Array.fromAsync(api.all<Zone>('/v1/zones'))
        : (await Promise.all(named.map((name) => api.find<Zone>(path`/v1/zones/${name}`)))).filter(
            (zone) => zone !== undefined,
          );
    const services = await Array.fromAsync(api.all<Service>('/v1/services'));
    return { zones, services, findings: [] };
  } catch (error) {
    if (!(error instanceof Failure) || named.length === 0) throw error;
    const finding: Diagnosis = {
      level: 'unknown',
      code: 'server_unknown',
      what: `The server itself could not be asked: ${error.message}`,
    };
    return { zones: [], services: [], findings: [finding] };
  }
}

async function lookAtMachine(
  { api }: Session,
  serverFindings: readonly Diagnosis[],
  { port }: Options,
): Promise<Chapter> {
  const { compareClocks, compareNodes, examineClock, examinePort } = await import('./doctor/machine.ts');
  const { examineXdp } = await import('./doctor/xdp.ts');
  const findings = [...serverFindings, await examinePort(port), examineXdp(port), await examineClock()];
  if (serverFindings.length === 0) {
    const [date, fleet, files] = [await api.date(), await fleetOf(api), await lookAtFiles(api)];
    findings.push(...compareClocks(date, Date.now()), ...compareNodes(fleet), ...files);
  }
  return { about: 'this machine', findings };
}

/** undefined: the server is one node, or the token may not see it. */
async function fleetOf(api: Session['api']): Promise<Fleet | undefined> {
  try {
    return await api.find<Fleet>('/v1/fleet');
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}

/** What the server says of files that its settings name; where it is not ready, it says what keeps it from that. */
async function lookAtFiles(api: Session['api']): Promise<readonly Diagnosis[]> {
  try {
    const { unusableFiles: files = [] } = await api.get<{ unusableFiles?: readonly string[] }>('/readyz');
    const { examineFiles } = await import('./doctor/machine.ts');
    return examineFiles(files);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [{ level: 'warning', code: 'server_not_ready', what: `The server is not ready: ${error.message}` }];
  }
}

function show(session: Session, { about, findings }: Chapter): void {
  if (session.json) return;
  const width = Math.min(session.shell.stdout.columns, WIDTH_MAX);
  session.lines([
    session.style.bold(about),
    ...findings.flatMap((finding) => diagnosisLinesOf(session, finding, width)),
    '',
  ]);
}

function diagnosisLinesOf(session: Session, finding: Diagnosis, width: number): string[] {
  return diagnosisLines(finding, session.style, width - 2).map((line) => `  ${line}`);
}

function conclude(session: Session, chapters: readonly Chapter[]): void {
  const all = chapters.flatMap(({ findings }) => findings);
  const count = (level: Diagnosis['level']): number => all.filter((finding) => finding.level === level).length;
  session.show({ chapters }, () => [
    `${plural(count('error'), 'error')}, ${plural(count('warning'), 'warning')}, ${count('unknown')} unknown.`,
  ]);
  if (count('error') > 0) throw new Failure(EXIT.NEGATIVE, '');
}
