/** Medians over the rounds, as rows and as a table. */
import type { LoadResult } from '../load.ts';
import type { Edns, Kind } from '../workload.ts';
import { BEFORE } from './servers.ts';

/** One server's timing of one workload in one round. */
export interface Run {
  readonly peer: string;
  readonly isBaseline: boolean;
  readonly kind: Kind;
  readonly edns: Edns;
  readonly names: number;
  readonly saturated: LoadResult;
  /** At the fixed rate; absent where the server cannot keep up with it. */
  readonly fixed: LoadResult | undefined;
}

export interface Row {
  readonly peer: string;
  readonly isBaseline: boolean;
  readonly kind: Kind;
  readonly edns: Edns;
  readonly names: number;
  readonly saturated: Figures;
  readonly fixed: Figures | undefined;
}

/** Medians; `lost` is the sum over the rounds. */
export interface Figures {
  readonly qps: number;
  readonly cpuUs: number;
  readonly userUs: number;
  readonly systemUs: number;
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly lost: number;
  readonly sent: number;
  /** Near 0 at saturation: the generator was the limit, and only the CPU time tells the servers apart. */
  readonly generatorIdleShare: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function figures(results: readonly LoadResult[]): Figures {
  const of = (pick: (result: LoadResult) => number): number => Number(median(results.map(pick)).toPrecision(4));
  const sum = (pick: (result: LoadResult) => number): number =>
    results.reduce((total, result) => total + pick(result), 0);
  return {
    qps: Math.round(of(({ qps }) => qps)),
    cpuUs: of(({ cpuUsPerQuery }) => cpuUsPerQuery.total),
    userUs: of(({ cpuUsPerQuery }) => cpuUsPerQuery.user),
    systemUs: of(({ cpuUsPerQuery }) => cpuUsPerQuery.system),
    meanUs: of(({ latencyUs }) => latencyUs.mean),
    p50Us: of(({ latencyUs }) => latencyUs.p50),
    p99Us: of(({ latencyUs }) => latencyUs.p99),
    lost: sum(({ lost }) => lost),
    sent: sum(({ sent }) => sent),
    generatorIdleShare: of(({ generatorIdleShare }) => generatorIdleShare),
  };
}

export function summarise(runs: readonly Run[]): Row[] {
  const groups = Map.groupBy(runs, ({ peer, kind, edns, names }) => [names, kind, edns, peer].join(' '));
  return [...groups.values()].map((group) => {
    const [{ peer, isBaseline, kind, edns, names }] = group as [Run, ...Run[]];
    const fixed = group.flatMap((run) => (run.fixed === undefined ? [] : [run.fixed]));
    return {
      peer,
      isBaseline,
      kind,
      edns,
      names,
      saturated: figures(group.map(({ saturated }) => saturated)),
      fixed: fixed.length === 0 ? undefined : figures(fixed),
    };
  });
}

/** Markdown, one table for each workload. */
export function table(rows: readonly Row[], fixedQps: number): string {
  const groups = Map.groupBy(rows, ({ kind, edns, names }) => `${kind}, ${edns}, ${names} names`);
  const head = [
    '',
    `| server | qps | CPU µs | user | system | CPU µs at ${fixedQps} qps | mean µs | p99 µs | lost |`,
    '|---|---|---|---|---|---|---|---|---|',
  ];
  return [...groups].flatMap(([title, group]) => ['', `**${title}**`, ...head, ...group.map(line)]).join('\n');
}

function line({ peer, saturated, fixed }: Row): string {
  const two = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(2));
  const whole = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(0));
  const limited = saturated.generatorIdleShare < GENERATOR_LIMITS_BELOW ? ' (generator)' : '';
  const cells = [
    peer,
    `${saturated.qps}${limited}`,
    two(saturated.cpuUs),
    two(saturated.userUs),
    two(saturated.systemUs),
    two(fixed?.cpuUs),
    whole(fixed?.meanUs),
    whole(fixed?.p99Us),
    String(saturated.lost + (fixed?.lost ?? 0)),
  ];
  return `| ${cells.join(' | ')} |`;
}

const GENERATOR_LIMITS_BELOW = 0.05;

/** What a query costs now beside an earlier state, by the CPU clocks of each server's processes. */
export function beforeTable(rows: readonly Row[]): string {
  const two = (value: number): string => value.toFixed(2);
  const lines = rows.flatMap(({ peer, kind, edns, names, saturated: now }) => {
    const before = rows.find(
      (row) => row.peer === BEFORE && row.kind === kind && row.edns === edns && row.names === names,
    );
    if (peer !== 'teal' || before === undefined) return [];
    const { userUs, cpuUs } = before.saturated;
    const cells = [userUs, now.userUs, now.userUs / userUs, cpuUs, now.cpuUs, now.cpuUs / cpuUs].map(two);
    return [`| ${[`${kind}, ${edns}, ${names} names`, ...cells].join(' | ')} |`];
  });
  const head = '| at saturation | user µs before | now | now / before | CPU µs before | now | now / before |';
  return [head, '|---|---:|---:|---:|---:|---:|---:|', ...lines].join('\n');
}
