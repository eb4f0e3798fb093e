/** `teal drain`: whether anybody is still sent to a pool. */
import type { Command } from 'commander';
import type { Drain } from '../contract/types.ts';
import { path } from './api.ts';
import { ServiceArgument } from './arguments.ts';
import { drainLines } from './format/drain.ts';
import { describeRemote, openSession, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface Options extends SessionOptions {
  readonly check?: boolean;
  readonly watch?: boolean;
}

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('drain')
    .addArgument(new ServiceArgument('<service>'))
    .helpGroup('Looking:')
    .summary('when nobody is sent to a pool any more')
    .description('Show when each pool answered last, and when no resolver holds such an answer any more.')
    .option('--check', 'ask the resolvers of the settings what they answer now')
    .option('-w, --watch', 'stay until every pool without weight is drained')
    .action(async (name: string, options: Options) => {
      const session = await openSession(shell, options);
      if (options.watch) {
        const { watchDrain } = await import('./watch-drain.ts');
        return watchDrain(session, [name]);
      }
      const drain = await session.api.get<Drain>(
        `${path`/v1/services/${name}/drain`}${options.check ? '?check=now' : ''}`,
      );
      session.show(drain, () => drainLines(name, drain, session.style, Date.now(), session.shell.stdout.columns - 1));
    });
  describeRemote(
    command,
    `
    teal drain app.example.com
    teal drain app.example.com --watch && ssh blue systemctl stop app
    `,
  );
}
