/** `teal shift`: weights of one service or several, at one instant. */
import type { Command } from 'commander';
import type { ProposedChange, Service, ShiftReply } from '../contract/types.ts';
import { path } from './api.ts';
import { ServiceArgument } from './arguments.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { poolLines } from './format/pools.ts';
import type { Style } from './format/style.ts';
import { isGroup, readYaml } from './input-file.ts';
import { atFlag, idempotencyKey, type timeValue } from './option-values.ts';
import { isProposed, showPending } from './proposal.ts';
import { seenAt, seenFlag } from './seen.ts';
import { describeWrite, openSession, type Session, type SessionOptions, withOverride } from './session.ts';
import type { Shell } from './shell.ts';
import { parseWeightWords } from './weight-words.ts';

interface Options extends SessionOptions {
  readonly file?: string;
  readonly watch?: boolean;
  readonly idempotencyKey?: string;
  readonly at?: ReturnType<typeof timeValue>;
  readonly seen?: number;
}

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('shift')
    .addArgument(new ServiceArgument('[words...]'))
    .helpGroup('Traffic:')
    .summary('set weights, of several services at one instant')
    .usage('[options] SERVICE POOL=WEIGHT... [SERVICE POOL=WEIGHT...]')
    .description(
      'Set the weights of the pools of a service, or of several at one instant. Every pool of a service is named; ' +
        'once this returns, every query that arrives is answered by the new weights.',
    )
    .option('-f, --file <file>', 'read the weights from YAML or JSON (`-`: standard input)')
    .option('-w, --watch', 'stay until resolvers have taken the change up and pools without weight are drained')
    .option(
      '--idempotency-key <key>',
      'the same key is done once, however often it is sent, for 24 hours',
      idempotencyKey,
    )
    .option(...atFlag)
    .option(...seenFlag)
    .action((words: string[], options: Options) => shift(words, options, shell));
  describeWrite(
    withOverride(command),
    `
    teal shift app.example.com green=10 blue=90
    teal shift app.example.com blue=0 green=100 --watch
    teal shift app.example.com green=1 blue=0 api.example.com green=1 blue=0
    teal shift app.example.com blue=0 green=100 --at '2026-12-01 06:00 Europe/Berlin'
    teal shift -f shifts.yaml      # services: {app.example.com: {blue: 0, green: 100}}
    `,
  );
}

async function shift(words: readonly string[], options: Options, shell: Shell): Promise<void> {
  const services = await wanted(words, options, shell);
  const session = await openSession(shell, options);
  // The state before is only for the eye: a script that pipes the result does without the extra requests.
  const before = session.json ? new Map() : await weightsBefore(session, Object.keys(services));
  const reply = await session.api.post<ShiftReply | ProposedChange>(
    '/v1/shifts',
    { services, ...options.at, ...(await seenAt(session, Object.keys(services), options.seen)) },
    { idempotencyKey: options.idempotencyKey },
  );
  if (isProposed(reply)) return showPending(session, reply);
  session.show(reply, () => (draws(session, options) ? [inForce(reply)] : shiftLines(reply, before, session.style)));
  if (options.watch) {
    const { watchDrain } = await import('./watch-drain.ts');
    await watchDrain(session, Object.keys(services));
  }
}

async function wanted(
  words: readonly string[],
  { file }: Options,
  shell: Shell,
): Promise<Readonly<Record<string, unknown>>> {
  if (file === undefined && words.length > 0) return parseWeightWords(words);
  if (file === undefined || words.length > 0) {
    throw new Failure(
      EXIT.USAGE,
      'expected a service with weights (teal shift app.example.com green=10 blue=90), or --file',
    );
  }
  const { services } = await readYaml(file, ['services'], shell);
  if (isGroup(services) && Object.keys(services).length > 0) return services;
  throw new Failure(
    EXIT.REFUSED,
    `${file}: expected services with their weights, such as services: {app.example.com: {blue: 0, green: 100}}`,
  );
}

type Before = ReadonlyMap<string, Service>;

/** A service that is not there is left to the shift to refuse. */
async function weightsBefore(session: Session, names: readonly string[]): Promise<Before> {
  const found = await Promise.all(names.map((name) => session.api.find<Service>(path`/v1/services/${name}`)));
  return new Map(found.flatMap((service) => (service === undefined ? [] : [[service.name, service]])));
}

export function shiftLines({ revision, services }: ShiftReply, before: Before, style: Style): string[] {
  const lines = Object.entries(services).flatMap(([name, { weights, shares }]) => {
    const old = before.get(name)?.pools;
    const pools = Object.entries(weights).map(([pool, weight]) => ({
      pool,
      weight,
      share: shares[pool] ?? 0,
      note: old?.[pool] === undefined || old[pool].weight === weight ? '' : `was ${old[pool].weight}`,
    }));
    return [style.bold(name), ...poolLines(pools, style).map((line) => `  ${line}`)];
  });
  return [...lines, inForce({ revision })];
}

/** The screen that follows shows the rest. */
export function draws({ json, shell }: Session, { watch }: { readonly watch?: boolean }): boolean {
  return watch === true && shell.stdout.isTerminal && !json;
}

export function inForce({ revision }: { readonly revision: number }): string {
  return `In force as revision ${revision}.`;
}
