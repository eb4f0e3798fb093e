/** `teal bench`: a quick measurement of a running server from here, and what it can and cannot tell. */
import type { Command } from 'commander';
import type { Page, Service } from '../contract/types.ts';
import { ServiceArgument } from './arguments.ts';
import type { Measurement } from './bench/load.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { columns, percent } from './format/text.ts';
import { wholeNumber } from './option-values.ts';
import { describeRemote, openSession, Presenter, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface Options extends SessionOptions {
  readonly dns: string;
  readonly seconds: number;
  readonly clients: number;
  readonly window: number;
}

/** Long enough to settle, and nobody takes it for a load test. */
const SECONDS_MAX = 60;
const CLIENTS_MAX = 64;
const WINDOW_MAX = 256;

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('bench')
    .addArgument(new ServiceArgument('[name]'))
    .helpGroup('Looking:')
    .summary('a quick measurement of a running server')
    .description(
      'Ask a running server as fast as this one process can, for a few seconds: answers, waiting times, what was answered. ' +
        'Only for a server of your own.',
    )
    .option('--dns <address>', 'DNS address of the server', '127.0.0.1:5300')
    .option('--seconds <count>', `how long, up to ${SECONDS_MAX}`, wholeNumber, 3)
    .option('--clients <count>', `sockets, up to ${CLIENTS_MAX}`, wholeNumber, 8)
    .option('--window <count>', `queries that each socket has under way, up to ${WINDOW_MAX}`, wholeNumber, 16)
    .action((name: string | undefined, options: Options) => bench(name, options, shell));
  describeRemote(
    command,
    `
    teal bench app.example.test
    teal bench app.example.com --dns 192.0.2.53:53 --seconds 10
    `,
  );
}

async function bench(named: string | undefined, options: Options, shell: Shell): Promise<void> {
  for (const [flag, most] of [
    ['seconds', SECONDS_MAX],
    ['clients', CLIENTS_MAX],
    ['window', WINDOW_MAX],
  ] as const) {
    if (options[flag] < 1 || options[flag] > most) throw new Failure(EXIT.USAGE, `--${flag}: expected 1 to ${most}`);
  }
  const name = named ?? (await firstService(shell, options));
  const { measure } = await import('./bench/load.ts');
  const presenter = new Presenter(shell, options);
  if (shell.stderr.isTerminal) presenter.note(`Asking ${options.dns} for ${name} A, ${options.seconds} s…`);
  const found = await measure({ ...options, name, signal: shell.interrupted() });
  if (found.replies === 0) {
    throw new Failure(
      EXIT.UNAVAILABLE,
      `${options.dns} answered none of ${found.sent} queries; --dns says where to ask`,
    );
  }
  presenter.show({ name, dns: options.dns, ...found }, () => measurementLines(name, found));
}

async function firstService(shell: Shell, options: Options): Promise<string> {
  const { api } = await openSession(shell, options);
  const first = (await api.get<Page<Service>>('/v1/services?limit=1')).items[0];
  if (first !== undefined) return first.name;
  throw new Failure(EXIT.USAGE, 'the server has no service: name what to ask for');
}

export function measurementLines(name: string, found: Measurement): string[] {
  const { seconds, sent, replies, lost, truncated, microseconds, cpuShare, answers } = found;
  const total = Object.values(answers).reduce((sum, count) => sum + count, 0);
  const rows = [
    ['answers a second', Math.round(replies / seconds).toLocaleString('en')],
    [
      'sent, answered, lost',
      `${sent.toLocaleString('en')}, ${replies.toLocaleString('en')}, ${lost.toLocaleString('en')}`,
    ],
    ['waited, in the middle', `${microseconds.p50} µs`],
    ['waited, 99 of 100', `${microseconds.p99} µs`],
    ['waited longest', `${microseconds.max} µs`],
    ...(truncated > 0 ? [['cut, as the rate limit does', truncated.toLocaleString('en')]] : []),
    ...Object.entries(answers).map(([answer, count]) => [`answered ${answer}`, percent(count / total)]),
  ];
  return [
    `${name} A, ${seconds.toFixed(1)} s:`,
    ...columns(rows).map((line) => `  ${line}`),
    cpuShare > 0.9
      ? 'This process was busy all the time: the server can do more than that. For its limits use dnsperf on another machine.'
      : 'Client and server took turns: this is what one process of the client sees, not the limit of the server.',
  ];
}
