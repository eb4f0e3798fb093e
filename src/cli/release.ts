/** `teal release`: planned sequences of shifts, begun, steered, watched. */
import type { Command } from 'commander';
import type { Plan, ProposedChange, Release } from '../contract/types.ts';
import { type Api, path } from './api.ts';
import { ServiceArgument } from './arguments.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { type FilterOptions, filtered, isFiltered, withFilters } from './filters.ts';
import { planLines, releaseLines, releaseListLines } from './format/release.ts';
import { readYaml } from './input-file.ts';
import { atFlag, idempotencyKey, type timeValue } from './option-values.ts';
import { approveProposed, isProposed, proposalLines, seenRevision, showPending } from './proposal.ts';
import { seenAt, seenFlag } from './seen.ts';
import {
  describeRemote,
  describeWrite,
  openSession,
  type Session,
  type SessionOptions,
  withOverride,
} from './session.ts';
import type { Shell } from './shell.ts';
import { parseStepWords } from './step-words.ts';

interface StartOptions extends SessionOptions {
  readonly to?: string;
  readonly steps?: string;
  readonly preset?: string;
  readonly file?: string;
  readonly watch?: boolean;
  readonly idempotencyKey?: string;
  readonly at?: ReturnType<typeof timeValue>;
  readonly seen?: number;
}

export function add(program: Command, shell: Shell): void {
  const group = program
    .command('release')
    .helpGroup('Traffic:')
    .summary('move traffic in steps: start, watch, promote, …')
    .description('Releases: traffic moved to a pool in steps, with pauses and gates, and back at once if one fails.');
  addStart(group, shell);
  addPlan(group, shell);
  addReading(group, shell);
  for (const verb of verbs) addVerb(group, verb, shell);
  addApprove(group, shell);
}

function withSteps(command: Command): Command {
  return command
    .option('--to <pool>', 'the pool that traffic moves to')
    .option(
      '--steps <list>',
      'percentages, pauses, `pause` for a promote, `approval` for somebody else: 10,5m,50,approval,100',
    )
    .option('--preset <name>', 'in place of steps, such as Canary10Percent5Minutes or AllAtOnce')
    .option('-f, --file <file>', 'the release as YAML or JSON, with analyses: to, steps');
}

function addStart(group: Command, shell: Shell): void {
  const command = withSteps(group.command('start').addArgument(new ServiceArgument('<services...>')))
    .description(
      'Begin a release of a service, or of several that move together. It goes on in the server, whoever watches.',
    )
    .option('-w, --watch', 'stay and watch; exit code 1 if it is aborted')
    .option(
      '--idempotency-key <key>',
      'the same key is done once, however often it is sent, for 24 hours',
      idempotencyKey,
    )
    .option(...atFlag)
    .option(...seenFlag)
    .action((services: string[], options: StartOptions) => start(services, options, shell));
  describeWrite(
    withOverride(command),
    `
    teal release start app.example.com --to green --steps 10,5m,50,pause,100
    teal release start app.example.com api.example.com --to green --preset Canary10Percent5Minutes --watch
    teal release start app.example.com -f release.yaml
    `,
  );
}

function addPlan(group: Command, shell: Shell): void {
  const command = withSteps(group.command('plan').addArgument(new ServiceArgument('<services...>')))
    .description('Show what a release would do and when; nothing is done.')
    .action(async (services: string[], options: StartOptions) => {
      const body = await bodyOf(options, shell);
      const session = await openSession(shell, options);
      const plan = await create<Plan>(session.api, services, { ...body, dryRun: true }, options);
      session.show(plan, () => planLines(plan, session.style));
    });
  describeRemote(command, 'teal release plan app.example.com --to green --steps 10,5m,100');
}

async function start(services: readonly string[], options: StartOptions, shell: Shell): Promise<void> {
  const body = await bodyOf(options, shell);
  const session = await openSession(shell, options);
  const moment = { ...options.at, ...(await seenAt(session, services, options.seen)) };
  const release = await create<Release | ProposedChange>(session.api, services, { ...body, ...moment }, options);
  if (isProposed(release)) return showPending(session, release);
  if (options.watch) return watched(session, release.id);
  showRelease(session, release);
  if (!session.json && session.shell.stdout.isTerminal)
    session.note(`\`teal release watch ${services[0]}\` follows it.`);
}

function create<Reply>(
  api: Api,
  services: readonly string[],
  body: object,
  { idempotencyKey }: StartOptions,
): Promise<Reply> {
  const [only, ...others] = services as [string, ...string[]];
  if (others.length === 0) return api.post(path`/v1/services/${only}/releases`, body, { idempotencyKey });
  return api.post('/v1/releases', { services, ...body }, { idempotencyKey });
}

async function bodyOf(options: StartOptions, shell: Shell): Promise<Record<string, unknown>> {
  const { to, steps, preset, file } = options;
  const fromFile = file === undefined ? {} : await readYaml(file, ['to', 'steps', 'preset'], shell);
  const body = {
    ...fromFile,
    ...(to !== undefined && { to }),
    ...(steps !== undefined && { steps: parseStepWords(steps) }),
    ...(preset !== undefined && { preset }),
  };
  if (!('to' in body)) throw new Failure(EXIT.USAGE, 'expected the pool that traffic moves to, such as --to green');
  if ('steps' in body !== 'preset' in body) return body;
  throw new Failure(EXIT.USAGE, 'expected either --steps (10,5m,100) or --preset (Canary10Percent5Minutes)');
}

async function watched(session: Session, id: string): Promise<void> {
  const { watchRelease } = await import('./watch-release.ts');
  await watchRelease(session, id);
}

function addReading(group: Command, shell: Shell): void {
  const status = group
    .command('status')
    .addArgument(new ServiceArgument('<service>'))
    .argument('[id]')
    .alias('show')
    .description(
      'Show the last release of a service, or the one with the id, which may stand alone, with what its gates measured.',
    )
    .action(async (word: string, number: string | undefined, options: SessionOptions) => {
      const session = await openSession(shell, options);
      const { service, id } = await meant(session.api, word, number);
      const found = id ?? (await findRelease(session.api, service, undefined)).id;
      // A list does not say what was measured.
      showRelease(session, await findRelease(session.api, service, found));
    });
  describeRemote(status, 'teal release status app.example.com');
  const watch = group
    .command('watch')
    .addArgument(new ServiceArgument('<service>'))
    .argument('[id]')
    .description('Watch the last release of a service until it has ended; exit code 1 if it was aborted.')
    .action(async (word: string, number: string | undefined, options: SessionOptions) => {
      const session = await openSession(shell, options);
      const { service, id } = await meant(session.api, word, number);
      await watched(session, (await findRelease(session.api, service, id)).id);
    });
  describeRemote(watch, 'teal release watch app.example.com');
  const list = withFilters(group.command('list'), ['q', 'zone', 'state'])
    .addArgument(new ServiceArgument('[service]'))
    .description('List the releases of a service, or all; the newest come last.')
    .action(async (service: string | undefined, options: SessionOptions & FilterOptions) => {
      const session = await openSession(shell, options);
      const from = service === undefined ? '/v1/releases' : path`/v1/services/${service}/releases`;
      const releases = await Array.fromAsync(session.api.all<Release>(filtered(from, options)));
      session.show({ items: releases }, () =>
        releases.length === 0 && isFiltered(options)
          ? ['There is no such release.']
          : releaseListLines(releases, session.style),
      );
    });
  describeRemote(list, 'teal release list app.example.com\nteal release list --state paused --zone example.com');
}

const verbs = [
  { verb: 'promote', what: 'Leave the pause that the release is in: of a step, or on request.' },
  { verb: 'pause', what: 'Hold the release where it is.' },
  { verb: 'resume', what: 'Leave a pause that was requested; its wait or analysis begins anew.' },
  { verb: 'abort', what: 'End the release; the weights are at once what they were before it.' },
  { verb: 'retry', what: 'Begin an aborted release again, at its first step.' },
] as const;

function addVerb(group: Command, { verb, what }: (typeof verbs)[number], shell: Shell): void {
  const command = group
    .command(verb)
    .addArgument(new ServiceArgument('<service>'))
    .argument('[id]')
    .description(`${what} Without an id: the last release of the service.`);
  if (verb === 'promote') command.option('--full', 'skip every pause and analysis that is left');
  if (verb === 'promote' || verb === 'retry') withOverride(command);
  command
    .option(
      '--idempotency-key <key>',
      'the same key is done once, however often it is sent, for 24 hours',
      idempotencyKey,
    )
    .action(async (word: string, number: string | undefined, options: StartOptions & { full?: boolean }) => {
      const session = await openSession(shell, options);
      const { service, id } = await meant(session.api, word, number);
      const found = id ?? (await findRelease(session.api, service, undefined)).id;
      const body = options.full ? { full: true } : {};
      const { idempotencyKey } = options;
      const to = `${path`/v1/services/${service}/releases/${found}`}/${verb}`;
      showRelease(session, await session.api.post<Release>(to, body, { idempotencyKey }));
    });
  describeWrite(
    command,
    `teal release ${verb} app.example.com${verb === 'promote' ? '\nteal release promote app.example.com --full' : ''}`,
  );
}

function addApprove(group: Command, shell: Shell): void {
  const command = group
    .command('approve')
    .addArgument(new ServiceArgument('<service>'))
    .argument('[id]')
    .description(
      'Agree with the step that a release waits at, or with a release that was proposed, as somebody else than who asked for it.',
    )
    .option('--idempotency-key <key>', 'the same key is done once, for 24 hours', idempotencyKey)
    .action(async (word: string, number: string | undefined, options: StartOptions) => {
      const session = await openSession(shell, options);
      const { service, id } = await meant(session.api, word, number);
      const proposal = id === undefined ? await approveProposed(session, service) : undefined;
      if (proposal !== undefined) return session.show(proposal, () => proposalLines(proposal));
      const found = await findRelease(session.api, service, id);
      const to = `${path`/v1/services/${service}/releases/${found.id}`}/approve`;
      const revision = await seenRevision(session, found);
      const { idempotencyKey } = options;
      showRelease(session, await session.api.post<Release>(to, { revision }, { idempotencyKey }));
    });
  describeWrite(command, 'teal release approve app.example.com');
}

function showRelease(session: Session, release: Release): void {
  const width = session.shell.stdout.columns - 1;
  session.show(release, () => releaseLines(release, session.style, Date.now(), { width }));
}

/** As an id is written. A service of such a name would be at the top of all names, and can be written with its final dot. */
const ID = /^[1-9]\d{0,14}$/;

/** Which release is meant: its id says that by itself, and is what a list and a log tell first. Throws Failure. */
async function meant(
  api: Api,
  word: string,
  id: string | undefined,
): Promise<{ readonly service: string; readonly id: string | undefined }> {
  if (!ID.test(word)) return { service: word, id };
  if (id !== undefined)
    throw new Failure(
      EXIT.USAGE,
      `expected a service and then the id of a release, or the id alone, found ${word} ${id}`,
    );
  const found = await api.find<Release>(path`/v1/releases/${word}`);
  const service = found && Object.keys(found.services)[0];
  if (service !== undefined) return { service, id: word };
  const problem = { code: 'release_unknown', detail: `There is no release ${word} here.` };
  const message = `${problem.detail} [${problem.code}] — \`teal release list\` shows all releases`;
  throw new Failure(EXIT.REFUSED, message, { problem });
}

/** The release with the id, or the last one of the service. Throws Failure. */
async function findRelease(api: Api, service: string, id: string | undefined): Promise<Release> {
  if (id !== undefined) return api.get<Release>(path`/v1/services/${service}/releases/${id}`);
  const releases = await Array.fromAsync(api.all<Release>(path`/v1/services/${service}/releases`));
  const last = releases.at(-1);
  if (last !== undefined) return last;
  throw new Failure(
    EXIT.REFUSED,
    `${service} has had no release yet: \`teal release start --help\` says how to begin one`,
  );
}
