/** `teal explain`: which pool a client gets, and why. */
import type { Command } from 'commander';
import type { Explanation } from '../contract/types.ts';
import { path } from './api.ts';
import { ServiceArgument } from './arguments.ts';
import { split } from './format/pools.ts';
import type { Style } from './format/style.ts';
import { columns, duration, plural, printable, wrap } from './format/text.ts';
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
      session.show(found, () => explanationLines(found, session.style, shell.stdout.columns - 1, Date.now()));
    });
  describeRemote(
    command,
    `
    teal explain app.example.com --client 203.0.113.7
    teal explain app.example.com --client 2001:db8::7 --type AAAA --draws 10000
    `,
  );
}

export function explanationLines(found: Explanation, style: Style, width: number, nowMs: number): string[] {
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
    ...observedLines(found.observed, style, nowMs),
  ];
}

/** In a fleet: what each node answers and has answered, and all together. A server of an earlier Teal tells nothing of it. */
function observedLines(told: Explanation['observed'] | undefined, style: Style, nowMs: number) {
  if (told === undefined) return [];
  const { answers, split: observed, nodes, waitingFor } = told;
  if (nodes === undefined || (nodes.length === 1 && waitingFor?.length === 0)) return [];
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([pool, count]) => `${printable(pool)} ${count.toLocaleString('en')}`)
      .join(', ');
  const rows = nodes.map(({ node, toldAt, revision, shares, answers }) => [
    node,
    toldAt === null ? 'now' : `${duration((nowMs - Date.parse(toldAt)) / 1000)} ago`,
    String(revision),
    shares === undefined ? 'not told' : split(shares, style),
    counts(answers),
  ]);
  const all = ['all', '', '', Object.keys(observed).length === 0 ? '' : split(observed, style), counts(answers)];
  const silent = (waitingFor ?? [])
    .filter((name) => !nodes.some(({ node }) => node === name))
    .map((name) => [name, 'not told', '', '', '']);
  const table = columns([['NODE', 'TOLD', 'REVISION', 'ANSWERS NOW', 'ANSWERED'], ...rows, ...silent, all], [2]);
  return ['', ...table.map((line) => `  ${line}`)];
}
