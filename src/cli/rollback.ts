/** `teal rollback`: the weights of before, in one call. */
import type { Command } from 'commander';
import type { WeightsReply } from '../contract/types.ts';
import { path } from './api.ts';
import { ServiceArgument } from './arguments.ts';
import { poolLines } from './format/pools.ts';
import { idempotencyKey, wholeNumber } from './option-values.ts';
import { describeWrite, openSession, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';
import { draws, inForce } from './shift.ts';

interface Options extends SessionOptions {
  readonly revision?: number;
  readonly watch?: boolean;
  readonly idempotencyKey?: string;
}

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('rollback')
    .addArgument(new ServiceArgument('<service>'))
    .helpGroup('Traffic:')
    .summary('restore the weights of before')
    .description(
      'Restore the weights before the last release, or before the last shift that was not itself a rollback. ' +
        'A release that goes on is aborted. Said twice it changes nothing more.',
    )
    .option('--revision <number>', 'restore the weights in force at this revision', wholeNumber)
    .option('-w, --watch', 'stay until resolvers have taken the change up and pools without weight are drained')
    .option(
      '--idempotency-key <key>',
      'the same key is done once, however often it is sent, for 24 hours',
      idempotencyKey,
    )
    .action((service: string, options: Options) => rollback(service, options, shell));
  describeWrite(
    command,
    `
    teal rollback app.example.com
    teal rollback app.example.com --revision 12
    `,
  );
}

async function rollback(name: string, options: Options, shell: Shell): Promise<void> {
  const session = await openSession(shell, options);
  const body = options.revision === undefined ? {} : { revision: options.revision };
  const { idempotencyKey } = options;
  const reply = await session.api.post<WeightsReply>(path`/v1/services/${name}/rollback`, body, { idempotencyKey });
  session.show(reply, () => {
    if (draws(session, options)) return [inForce(reply)];
    const pools = Object.entries(reply.weights).map(([pool, weight]) => ({
      pool,
      weight,
      share: reply.shares[pool] ?? 0,
    }));
    return [session.style.bold(name), ...poolLines(pools, session.style).map((line) => `  ${line}`), inForce(reply)];
  });
  if (options.watch) {
    const { watchDrain } = await import('./watch-drain.ts');
    await watchDrain(session, [name]);
  }
}
