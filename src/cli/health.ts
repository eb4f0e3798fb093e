/** `teal health`: the health of targets, and states that a person forces. */
import type { Command } from 'commander';
import type { Forced, Health, TargetHealth } from '../contract/types.ts';
import { path } from './api.ts';
import { ServiceArgument } from './arguments.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { poolColour, type Style } from './format/style.ts';
import { columns, instant, percent, printable } from './format/text.ts';
import { durationValue } from './option-values.ts';
import { describeRemote, describeWrite, openSession, type Session, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface ForceOptions extends SessionOptions {
  readonly for?: number;
  readonly target?: string;
}

export function add(program: Command, shell: Shell): void {
  const group = program
    .command('health')
    .helpGroup('Traffic:')
    .summary('targets that are up or down: show, force, clear')
    .description('Health of pools and their targets.');
  const show = group
    .command('show')
    .addArgument(new ServiceArgument('<service>'))
    .description('Show which targets are up, since when, and why.')
    .action(async (name: string, options: SessionOptions) => showHealth(await openSession(shell, options), name));
  describeRemote(show, 'teal health show app.example.com');
  const force = group
    .command('force')
    .addArgument(new ServiceArgument('<service>'))
    .argument('<pool>')
    .argument('<state>')
    .description('Force a pool, or one target of it, up or down, whatever the checks say.')
    .option('--for <duration>', 'how long, such as 30m or 2h (1h)', durationValue)
    .option('--target <address>', 'only this target')
    .action(async (name: string, pool: string, state: string, options: ForceOptions) => {
      if (state !== 'up' && state !== 'down') throw new Failure(EXIT.USAGE, `expected up or down, found ${state}`);
      const session = await openSession(shell, options);
      const body = {
        state,
        ...(options.for !== undefined && { durationSeconds: options.for }),
        ...(options.target !== undefined && { target: options.target }),
      };
      await session.api.put(path`/v1/services/${name}/health/${pool}`, { body });
      await showHealth(session, name);
    });
  describeWrite(force, 'teal health force app.example.com green down --for 1h');
  const clear = group
    .command('clear')
    .addArgument(new ServiceArgument('<service>'))
    .argument('<pool>')
    .description('Let the checks decide again.')
    .option('--target <address>', 'only this target')
    .action(async (name: string, pool: string, options: ForceOptions) => {
      const session = await openSession(shell, options);
      const query = options.target === undefined ? '' : `?target=${encodeURIComponent(options.target)}`;
      await session.api.delete(`${path`/v1/services/${name}/health/${pool}`}${query}`);
      await showHealth(session, name);
    });
  describeWrite(clear, 'teal health clear app.example.com green');
}

async function showHealth(session: Session, name: string): Promise<void> {
  const health = await session.api.get<Health>(path`/v1/services/${name}/health`);
  session.show(health, () => healthLines(health, session.style));
}

/** A server of an earlier Teal says nothing of what several nodes see. */
export function healthLines({ service, quorum = null, failOpen, pools }: Health, style: Style): string[] {
  const names = Object.keys(pools);
  const rows = Object.entries(pools).flatMap(([pool, { healthy, share, forced, targets }]) => [
    [
      style.colour(poolColour(pool, names), pool),
      stateWord(healthy ? 'up' : 'down', style),
      percent(share),
      forcedWords(forced),
    ],
    ...Object.entries(targets).map(([target, { state, since, reason, agreed = null, views = [], forced }]) => [
      `  ${target}`,
      stateWord(agreed ?? state, style),
      since === null || agreed !== null ? '' : `since ${instant(since)}`,
      [forcedWords(forced), views.length > 0 ? viewWords(views) : printable(reason)]
        .filter((words) => words !== '')
        .join('; '),
    ]),
  ]);
  const open = 'No pool that has weight is healthy: all are answered from, as if all were.';
  return [
    style.bold(service),
    ...columns(rows).map((line) => `  ${line}`),
    ...(quorum === null ? [] : [`  ${quorumWords(quorum)}`]),
    ...(failOpen ? [`  ${style.colour('red', style.symbols.warning)} ${open}`] : []),
  ];
}

function quorumWords({ asked, needed, nodes }: NonNullable<Health['quorum']>): string {
  const fewer = typeof asked === 'number' && asked > needed ? `, since there are no ${asked}` : '';
  return `A target is down when ${needed} of ${nodes} ${nodes === 1 ? 'node' : 'nodes'} see it down (quorum ${asked})${fewer}.`;
}

/** By what nodes see: those of one mind together, with the first reason of who sees it down. */
function viewWords(views: TargetHealth['views']): string {
  const groups = Map.groupBy(views, ({ state, heard }) => (heard ? state : 'not heard'));
  return [...groups]
    .map(([state, of]) => {
      const reason = state === 'up' ? '' : (of.find(({ reason }) => reason !== '')?.reason ?? '');
      return `${state}: ${of.map(({ node }) => node).join(', ')}${reason === '' ? '' : ` (${printable(reason)})`}`;
    })
    .join('; ');
}

function stateWord(state: string, style: Style): string {
  if (state === 'up') return style.colour('green', state);
  return state === 'down' ? style.colour('red', state) : state;
}

function forcedWords(forced: Forced | null = null): string {
  return forced === null ? '' : `forced ${forced.state} by ${printable(forced.actor)} until ${instant(forced.until)}`;
}
