/** The figures that Teal aims for where 512 sockets ask, worked out from one run: Teal's share of the best peer's, and whether it is enough. */
import type { Edns, Kind } from '../workload.ts';
import type { Row } from './report.ts';

interface Target {
  readonly figure: string;
  /** Teal's figure over the other's. */
  readonly ratio: (find: Find) => number | undefined;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Rows of a workload at 1,000 names, or at another number of them. */
type Find = (peer: string, kind: Kind, names?: number) => Row | undefined;
type Pick = (row: Row) => number | undefined;

const WEIGHTED = ['gdnsd', 'knot', 'powerdns'];
const FIXED = ['nsd', 'knot', 'gdnsd', 'bind', 'powerdns'];
const cpu: Pick = ({ saturated }) => saturated.cpuUs;
const cpuFixed: Pick = ({ fixed }) => fixed?.cpuUs;
const qps: Pick = ({ saturated }) => saturated.qps;
const p99: Pick = ({ fixed }) => fixed?.p99Us;

/** Against the best of the peers: `best` says which of two figures that is. */
function against(kind: Kind, peers: readonly string[], pick: Pick, best: (...values: number[]) => number) {
  return (find: Find): number | undefined => {
    const row = find('teal', kind);
    const own = row === undefined ? undefined : pick(row);
    const others = peers.flatMap((peer) => {
      const other = find(peer, kind);
      return other === undefined ? [] : (pick(other) ?? []);
    });
    return own === undefined || others.length === 0 ? undefined : own / best(...others);
  };
}

/** How many times the other's CPU time a query is Teal's. */
function cheaperThan(peer: string) {
  return (find: Find): number | undefined => {
    const ratio = against('static-a', [peer], cpu, Math.min)(find);
    return ratio === undefined ? undefined : 1 / ratio;
  };
}

function growth(kind: Kind) {
  return (find: Find): number | undefined => {
    const [small, large] = [find('teal', kind), find('teal', kind, 1e6)];
    return small === undefined || large === undefined ? undefined : large.saturated.cpuUs / small.saturated.cpuUs;
  };
}

const { min, max } = Math;
const TARGETS: readonly Target[] = [
  { figure: 'CPU a query, weighted A, saturation', ratio: against('weighted-a', WEIGHTED, cpu, min), atMost: 1.05 },
  { figure: 'CPU a query, weighted A, fixed rate', ratio: against('weighted-a', WEIGHTED, cpuFixed, min), atMost: 1 },
  {
    figure: 'CPU a query, weighted CNAME, saturation',
    ratio: against('weighted-cname', WEIGHTED, cpu, min),
    atMost: 1,
  },
  { figure: 'CPU a query, static A, saturation', ratio: against('static-a', FIXED, cpu, min), atMost: 1.05 },
  { figure: 'CPU a query, NXDOMAIN, saturation', ratio: against('nxdomain', FIXED, cpu, min), atMost: 1.05 },
  { figure: 'CPU a query, mixture, saturation', ratio: against('mixture', WEIGHTED, cpu, min), atMost: 1 },
  { figure: 'qps at saturation, weighted A', ratio: against('weighted-a', WEIGHTED, qps, max), atLeast: 1.1 },
  { figure: 'qps at saturation, static A', ratio: against('static-a', FIXED, qps, max), atLeast: 1.1 },
  { figure: 'p99 latency at the fixed rate, weighted A', ratio: against('weighted-a', WEIGHTED, p99, min), atMost: 1 },
  { figure: 'p99 latency at the fixed rate, static A', ratio: against('static-a', FIXED, p99, min), atMost: 1 },
  { figure: "times cheaper than dns2's createServer", ratio: cheaperThan('dns2'), atLeast: 15 },
  { figure: 'times cheaper than a bare dgram loop', ratio: cheaperThan('node:dgram'), atLeast: 2 },
  { figure: 'CPU a query, weighted A, 1,000,000 names / 1,000', ratio: growth('weighted-a'), atMost: 1.3 },
  { figure: 'CPU a query, static A, 1,000,000 names / 1,000', ratio: growth('static-a'), atMost: 1.3 },
];

/** Markdown; what the run did not measure is left out. */
export function targetTable(rows: readonly Row[]): string {
  const kinds = [...new Set(rows.map(({ edns }) => edns))];
  return [
    `| Teal / best peer | target | ${kinds.join(' | ')} |`,
    `|---|---|${'---|'.repeat(kinds.length)}`,
    ...TARGETS.flatMap((target) => line(target, kinds, rows)),
  ].join('\n');
}

function line(target: Target, kinds: readonly Edns[], rows: readonly Row[]): string[] {
  const ratios = kinds.map((edns) =>
    target.ratio((peer, kind, names = 1000) =>
      rows.find((row) => row.peer === peer && row.kind === kind && row.edns === edns && row.names === names),
    ),
  );
  if (ratios.every((ratio) => ratio === undefined)) return [];
  const bound = target.atMost === undefined ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
  return [`| ${target.figure} | ${bound} | ${ratios.map((ratio) => verdict(ratio, target)).join(' | ')} |`];
}

function verdict(ratio: number | undefined, { atMost, atLeast }: Target): string {
  if (ratio === undefined) return '–';
  const met = ratio <= (atMost ?? Number.POSITIVE_INFINITY) && ratio >= (atLeast ?? 0);
  return `${ratio.toFixed(2)}${met ? '' : ' (not met)'}`;
}
