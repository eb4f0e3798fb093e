/** `teal whoami`: whose token it is, how far it goes, and which server it is for. */
import type { Command } from 'commander';
import type { Self } from '../contract/types.ts';
import { instant } from './format/text.ts';
import { describeRemote, openSession, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('whoami')
    .helpGroup('Looking:')
    .summary('whose token it is, and for which server')
    .description('Show whose token is used, what it may do and to what, and what the server is called.')
    .action(async (options: SessionOptions) => {
      const session = await openSession(shell, options);
      const self = await session.api.get<Self>('/v1/self');
      session.show({ ...self, url: session.api.connection.url }, () => selfLines(self, session.api.connection.url));
    });
  describeRemote(command, 'teal whoami\nTEAL_ADMIN_URL=https://ns1.example.com:8053 teal whoami --json');
}

export function selfLines(self: Self, url: string): string[] {
  const { name, kind, scope, expiresAt, server } = self;
  const limits = (['services', 'zones', 'names', 'types', 'networks'] as const).flatMap((limit) => {
    const only = self[limit];
    return only === undefined ? [] : [`  only ${limit} ${only.join(' ')}`];
  });
  return [
    `${name}, a ${kind} with the scope ${scope}${expiresAt === undefined ? '' : `, until ${instant(expiresAt)}`}`,
    ...limits,
    `at ${server.name === undefined ? url : `${server.name}, ${url}`}, Teal ${server.version}`,
  ];
}
