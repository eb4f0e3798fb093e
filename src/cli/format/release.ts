/** Releases, their steps and plans as lines. Pure: the time is passed in. */
import type { AnalysisProgress, Drain, Plan, Release, Standing, Step, Weights } from '../../contract/types.ts';
import { observedShares } from './drain.ts';
import { analysisLines } from './gates.ts';
import { type PoolLine, poolLines, split } from './pools.ts';
import type { Style } from './style.ts';
import { columns, duration, instant, printable, whyLines, wrap } from './text.ts';

/** One release: where it stands, the weights, the steps. `drains`: what is known of each service's answers. */
export function releaseLines(
  release: Release,
  style: Style,
  nowMs: number,
  { drains = new Map(), width }: { readonly drains?: ReadonlyMap<string, Drain>; readonly width: number },
): string[] {
  const services = Object.entries(release.services);
  const said = analysisLines(release, style);
  const title = `${services.map(([name]) => style.bold(name)).join(', ')} to ${release.to}: release ${release.id}, ${stateWord(release, style)}`;
  const pools = services.flatMap(([name, { weights, shares }]) => [
    ...(services.length > 1 ? [`  ${name}`] : []),
    ...poolLines(withObserved(weights, shares, drains.get(name)), style).map((line) => `  ${line}`),
  ]);
  return [
    title,
    ...wrap(`${printable(release.message)}${waitWords(release, nowMs)}`, width, '  '),
    ...whyLines(release.why ?? {}).flatMap((line) => wrap(line, width, '  ')),
    ...release.warnings.flatMap((warning) => wrap(warningWords(warning, style), width, '  ')),
    '',
    ...pools,
    '',
    ...stepLines(release, style, nowMs).map((line) => `  ${line}`),
    ...(release.analysis === undefined ? [] : ['', ...gateLines(release.analysis, style).map((line) => `  ${line}`)]),
    ...(said.length === 0 ? [] : ['', ...said.map((line) => `  ${line}`)]),
  ];
}

/** How far each gate of an analysis is. */
export function gateLines(
  { count, failureLimit, consecutiveErrorLimit = 4, metrics }: AnalysisProgress,
  style: Style,
): string[] {
  const { done, failed, todo, warning } = style.symbols;
  const rows = metrics.map(
    ({ name, measurements, failures, inconclusive, errors = 0, consecutiveErrors = 0, last }) => {
      const isOver = failures > failureLimit || consecutiveErrors > consecutiveErrorLimit;
      const mark =
        last === null
          ? todo
          : isOver
            ? style.colour('red', failed)
            : failures + inconclusive + errors > 0
              ? style.colour('yellow', warning)
              : style.colour('green', done);
      const lost = errors > 0 ? `, ${errors} errors (${consecutiveErrorLimit} in a row allowed)` : '';
      const unclear = `${inconclusive > 0 ? `, ${inconclusive} inconclusive` : ''}${lost}`;
      const counted = `${measurements} of ${count} measured, ${failures} failed (${failureLimit} allowed)${unclear}`;
      return [
        mark,
        `gate ${printable(name)}`,
        counted,
        last === null ? '' : printable(`${last.outcome}: ${last.message}`),
      ];
    },
  );
  return columns(rows);
}

function withObserved(weights: Weights, shares: Weights, drain: Drain | undefined): PoolLine[] {
  const observed = drain && observedShares(drain);
  return Object.entries(weights).map(([pool, weight]) => ({
    pool,
    weight,
    share: shares[pool] ?? 0,
    ...(drain !== undefined && { observed: observed?.[pool] ?? 'none' }),
  }));
}

function warningWords({ code, message }: Release['warnings'][number], style: Style): string {
  return `${style.symbols.warning} ${printable(message)} [${code}]`;
}

export function stateWord({ state }: Pick<Release, 'state'>, style: Style): string {
  const colours = { progressing: 'blue', paused: 'yellow', completed: 'green', aborted: 'red' } as const;
  return style.colour(colours[state], state);
}

/** How long until it goes on by itself. */
function waitWords({ wait }: Standing, nowMs: number): string {
  const until = wait?.until;
  return until == null ? '' : ` (${duration((Date.parse(until) - nowMs) / 1000)} left)`;
}

function stepLines(release: Release, style: Style, nowMs: number): string[] {
  const { done, now, todo, failed } = style.symbols;
  const rows = release.steps.map((step, at) => {
    const number = String(at + 1);
    if (release.state === 'completed' || at < release.stepIndex)
      return [style.colour('green', done), number, stepWords(step), 'done'];
    if (at > release.stepIndex) return [todo, number, stepWords(step)];
    if (release.state === 'aborted') return [style.colour('red', failed), number, stepWords(step), 'aborted here'];
    return [style.colour('yellow', now), number, style.bold(stepWords(step)), `now${waitWords(release, nowMs)}`];
  });
  return columns(rows, [1]);
}

function stepWords({ setWeight, pause, analysis, drain }: Step): string {
  if (setWeight !== undefined) return `set weight ${setWeight} %`;
  if (pause?.approval !== undefined) return 'pause until somebody else approves';
  if (pause !== undefined)
    return pause.duration === undefined ? 'pause until promoted' : `pause ${durationWords(pause.duration)}`;
  if (drain !== undefined) return 'wait until drained';
  const names = (analysis?.metrics ?? []).map(({ name }) => printable(name)).join(', ');
  const count = analysis?.count ?? 1;
  return `analysis of ${names}${count > 1 ? `, ${count} times` : ''}`;
}

function durationWords(value: number | string): string {
  return typeof value === 'number' ? duration(value) : printable(value);
}

export function planLines(plan: Plan, style: Style): string[] {
  const rows = plan.plan.map((entry) => {
    const all = Object.entries(entry.services);
    const shares = all.map(([name, { shares }]) => (all.length > 1 ? `${name} ` : '') + split(shares, style));
    return [`${entry.certain ? '' : 'from '}${instant(entry.at)}`, entry.state, shares.join(', ')];
  });
  return [
    `Plan of a release to ${plan.to}; nothing is done yet.`,
    ...plan.warnings.map((warning) => warningWords(warning, style)),
    ...columns([['AT', 'STATE', 'SHARES'], ...rows]),
    ...(plan.plan.every(({ certain }) => certain)
      ? []
      : ['`from`: the earliest time, if gates and people agree at once.']),
  ];
}

export function releaseListLines(releases: readonly Release[], style: Style): string[] {
  if (releases.length === 0) return ['There is no release yet: `teal release start --help` says how to begin one.'];
  const rows = releases.map((release) => [
    release.id,
    instant(release.createdAt),
    release.to,
    stateWord(release, style),
    `${Math.min(release.stepIndex + (release.state === 'completed' ? 0 : 1), release.steps.length)}/${release.steps.length}`,
    Object.keys(release.services).join(' '),
  ]);
  return columns([['ID', 'BEGAN', 'TO', 'STATE', 'STEP', 'SERVICES'], ...rows], [0]);
}
