/** `teal explain`: which pool a client gets, and why. */
import type { Command } from 'commander';
import type { Explanation } from '../contract/types.ts';
import { path } from './api.ts';
import { ServiceArgument } from './arguments.ts';
import { split } from './format/pools.ts';
import type { Style } from './format/style.ts';
import { columns, plural, printable, wrap } from './format/text.ts';
import { wholeNumber } from './option-values.ts';
import { describeRemote, openSession, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface Options extends SessionOptions {
  readonly client?: string;
  readonly type?: string;
  readonly draws?: number;
}

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('explain')
    .addArgument(new ServiceArgument('<service>'))
    .helpGroup('Looking:')
    .summary('which pool a client gets, and why')
    .description('Say which pool a client gets, and why: weights, pins, health.')
    .option('--client <address>', 'the address of the client, or of its resolver')
    .option('--type <type>', 'record type asked for')
    .option('--draws <count>', 'how often to draw', wholeNumber)
    .action(async (name: string, options: Options) => {
      const session = await openSession(shell, options);
      const query = new URLSearchParams();
      for (const key of ['client', 'type', 'draws'] as const) {
        if (options[key] !== undefined) query.set(key, String(options[key]));
      }
      const suffix = query.size > 0 ? `?${query}` : '';
      const found = await session.api.get<Explanation>(`${path`/v1/services/${name}/explain`}${suffix}`);
      session.show(found, () => explanationLines(found, session.style, shell.stdout.columns - 1));
    });
  describeRemote(
    command,
    `
    teal explain app.example.com --client 203.0.113.7
    teal explain app.example.com --client 2001:db8::7 --type AAAA --draws 10000
    `,
  );
}

export function explanationLines(found: Explanation, style: Style, width: number): string[] {
  const [first = `no ${found.type}`, ...more] = found.answer.map(printable);
  const rows = [
    ['client', found.client],
    ['network', found.network],
    ['pool', found.pool ?? 'none'],
    ['because of', found.reason],
    ['answer', first],
    ...more.map((record) => ['', record]),
    ['TTL', `${found.ttlSeconds} s`],
    [`${plural(found.draws, 'draw')}`, split(found.split, style)],
  ];
  return [
    ...wrap(printable(found.message), width),
    '',
    ...columns(rows.map(([key, value]) => [`  ${key}`, value as string])),
  ];
}
