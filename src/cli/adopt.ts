/** `teal adopt`: a name that has records becomes a service, after a look at what that changes. */
import type { Command } from 'commander';
import type { Proposal, RRset, Service } from '../contract/types.ts';
import type { Answered } from './adopt/answered.ts';
import { path } from './api.ts';
import { confirm } from './confirm.ts';
import { serviceLines } from './format/service.ts';
import { printable, warningLines } from './format/text.ts';
import { collect, wholeNumber } from './option-values.ts';
import { parsePool } from './service.ts';
import type { Compared } from './service-difference.ts';
import { describeWrite, openSession, type Session, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface Options extends SessionOptions {
  readonly from?: string;
  readonly pool?: readonly string[];
  readonly ttl?: number;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('adopt <name>')
    .helpGroup('Zones and services:')
    .summary('make a service of the records at a name')
    .description(
      'Make a service of the A, AAAA or CNAME records at a name, without an answer less in between: what they are now ' +
        'becomes the pool blue with all traffic, their TTL is kept, and green has the same targets until another pool is ' +
        'named. What would change is shown first. `teal service rm NAME --leave blue` is the way back.',
    )
    .option('--from <address>', 'propose what this nameserver answers (address or address:port), not what the zone has')
    .option(
      '-p, --pool <pool=weight:target,...>',
      'a pool: one is in place of the proposed green, several are all that there are',
      collect,
    )
    .option('--ttl <seconds>', 'another TTL than the records have', wholeNumber)
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show what would change; what would be refused is')
    .action((name: string, options: Options) => adopt(name, options, shell));
  describeWrite(
    command,
    `
    teal adopt www.example.com --dry-run
    teal adopt www.example.com --pool green=0:192.0.2.20
    teal adopt www.example.com --from 198.51.100.53 --yes
    `,
  );
}

async function adopt(name: string, options: Options, shell: Shell): Promise<void> {
  const pools = (options.pool ?? []).map(parsePool);
  const session = await openSession(shell, options);
  const answered = options.from === undefined ? undefined : await askFor(name, options.from);
  for (const warning of answered?.warnings ?? []) session.note(`teal: warning: ${printable(warning)}`);
  const proposal = await session.api.get<Proposal>(`${path`/v1/services/${name}/proposal`}${queryOf(answered)}`);
  const body = bodyOf(proposal.body, pools, options.ttl);
  const services = { [name]: body };
  const compared = await session.api.post<{ services: readonly Compared[] }>('/v1/services', {
    services,
    dryRun: true,
  });
  const { after } = compared.services[0] as Compared;
  if (!session.json) session.lines(differenceLines(session, proposal, after));
  if (options.dryRun) return session.show({ proposal: { ...proposal, body }, after }, () => []);
  if (!options.yes) await confirm(session, 'Adopt it?', 'adopt it, or --dry-run to only look');
  // Only the records that were shown go: the body names the records that it was made of.
  const ground = { what: `the service ${name}`, revision: undefined, advice: 'it is adopted already' };
  const service = await session.api.put<Service>(path`/v1/services/${name}`, { body, ground });
  session.show({ proposal: { ...proposal, body }, after: service }, () => [
    ...warningLines(service),
    `In force as revision ${service.revision}.`,
  ]);
}

/** Loaded only where it is wanted: it brings a DNS library. */
async function askFor(name: string, address: string): Promise<Answered> {
  const { askNameserver } = await import('./adopt/answered.ts');
  return askNameserver(name, address);
}

function queryOf(answered: Answered | undefined): string {
  if (answered === undefined) return '';
  const { targets, ttlSeconds } = answered;
  return `?targets=${encodeURIComponent(targets.join(','))}&ttlSeconds=${ttlSeconds}`;
}

type Body = Proposal['body'];

function bodyOf({ release, ...body }: Body, pools: readonly (readonly [string, object])[], ttl?: number): object {
  const named = Object.fromEntries(pools);
  const { blue } = body.pools ?? {};
  return {
    ...body,
    ...(release !== undefined && ttl === undefined && { release }),
    ...(ttl !== undefined && { ttlSeconds: ttl }),
    ...(pools.length === 1 && { pools: { blue, ...named } }),
    ...(pools.length > 1 && { pools: named }),
  };
}

function differenceLines(session: Session, { replaces, heldSeconds, message }: Proposal, after: Service): string[] {
  const { style } = session;
  return [
    ...(replaces.length === 0 ? ['There are no records at the name here.'] : replaces.flatMap(recordLines)),
    ...serviceLines(after, style).map((line) => `+ ${line}`),
    printable(message),
    ...(replaces.length === 0 ? [] : [afterwards(after, heldSeconds)]),
  ];
}

function recordLines({ type, ttlSeconds, rdata }: RRset): string[] {
  return rdata.map((text) => `- ${type} ${printable(text)}  TTL ${ttlSeconds} s`);
}

function afterwards({ ttlSeconds }: Service, heldSeconds: number): string {
  return heldSeconds === ttlSeconds
    ? `From then on they hold an answer for ${ttlSeconds} s, as before.`
    : `From then on they hold an answer for ${ttlSeconds} s; until ${heldSeconds} s have passed a shift is not felt everywhere.`;
}
