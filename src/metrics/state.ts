/** The log of revisions, the store, the table, and the program itself. */
import { Gauge, Histogram, type Registry } from 'prom-client';
import { collectCounter, collectGauge } from './collected.ts';
import { type MeasuredSignings, signingMetrics } from './dnssec.ts';

/** The table's memory, bytes. */
export interface MeasuredMemory {
  readonly memory: {
    readonly usedBytes: number;
    readonly sizeBytes: number;
    readonly maxBytes: number;
    readonly waiting: number;
  };
  readonly content: { leftOut(): ReadonlySet<string> };
}

/** The store, as far as it is measured here. */
export interface MeasuredStore extends MeasuredSignings {
  readonly lastRevision: number;
  /** What the last write failed with. */
  readonly writeFailure: unknown;
  /** What a read failed with that has not worked since. */
  readonly readFailure: unknown;
  readonly zoneCount: number;
  openProposals(): readonly { readonly state: string }[];
  /** Bytes of the log's large texts, and of the replies kept for Idempotency-Keys. */
  readonly kept: { readonly textBytes: number; readonly replyBytes: number };
}

/** From half a millisecond, a fast disk, to seconds, a dying one. */
const COMMIT_BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export function tableMetrics(registry: Registry, table: MeasuredMemory): void {
  const gauge = (name: string, help: string, read: () => number): void =>
    collectGauge(registry, { name, help }, (set) => set(read()));
  gauge('teal_table_used_bytes', 'Memory that answers take.', () => table.memory.usedBytes);
  gauge('teal_table_size_bytes', 'Memory that the table has taken from the system.', () => table.memory.sizeBytes);
  gauge('teal_table_limit_bytes', 'Memory that the table may take: table.maxBytes.', () => table.memory.maxBytes);
  gauge(
    'teal_table_left_out_zones',
    'Zones for which the table had no room: they are answered with SERVFAIL.',
    () => table.content.leftOut().size,
  );
  gauge('teal_table_waiting_blocks', 'Replaced blocks that a worker may still read.', () => table.memory.waiting);
}

export function storeMetrics(registry: Registry, store: MeasuredStore): { written(seconds: number): void } {
  const gauge = (name: string, help: string, read: () => number): void =>
    collectGauge(registry, { name, help }, (set) => set(read()));
  gauge('teal_revision', 'The newest revision.', () => store.lastRevision);
  gauge('teal_zones', 'Zones.', () => store.zoneCount);
  signingMetrics(registry, store);
  collectGauge(
    registry,
    { name: 'teal_proposals', help: 'Changes that wait for somebody, or for their time.', labels: ['state'] },
    (set) => {
      const open = store.openProposals();
      for (const state of ['waiting', 'scheduled']) set(open.filter((each) => each.state === state).length, { state });
    },
  );
  gauge('teal_store_writable', '1: the last write went through; 0: it failed, and changes are refused.', () =>
    store.writeFailure === undefined ? 1 : 0,
  );
  gauge('teal_store_readable', '1: the store can be read; 0: a read failed, and has not worked since.', () =>
    store.readFailure === undefined ? 1 : 0,
  );
  gauge(
    'teal_history_content_bytes',
    'Large contents of the history that are kept: see history.contentMaxBytes.',
    () => store.kept.textBytes,
  );
  gauge(
    'teal_idempotency_bytes',
    'Replies that are kept for Idempotency-Keys, all tokens together.',
    () => store.kept.replyBytes,
  );
  const commits = new Histogram({
    name: 'teal_store_write_duration_seconds',
    help: 'From the begin of a write to its sync on the disk.',
    buckets: COMMIT_BUCKETS_SECONDS,
    registers: [registry],
  });
  return { written: (seconds) => commits.observe(seconds) };
}

/** Where the log is written, as far as it is measured here. */
export interface MeasuredLog {
  readonly dropped: number;
  readonly failure: string | undefined;
}

export function logMetrics(registry: Registry, log: MeasuredLog): void {
  collectCounter(
    registry,
    {
      name: 'teal_log_lines_dropped_total',
      help: 'Lines of the log that were dropped, since nothing took them and the queue was full.',
    },
    (set) => set(log.dropped),
  );
  collectGauge(
    registry,
    { name: 'teal_log_writable', help: '1: the last write of the log went through; 0: it did not, or nobody reads.' },
    (set) => set(log.failure === undefined ? 1 : 0),
  );
}

/** Files that the settings name, as far as they are measured here. */
export interface MeasuredFiles {
  /** Settings whose files are of no use any more. */
  readonly unusable: readonly string[];
}

export function fileMetrics(registry: Registry, files: MeasuredFiles): void {
  collectGauge(
    registry,
    {
      name: 'teal_settings_file_unusable',
      help: '1: the file that this setting names is of no use any more, and what was in it before is in force.',
      labels: ['setting'],
    },
    (set) => {
      for (const setting of files.unusable) set(1, { setting });
    },
  );
}

/** This node of a fleet, as far as it is measured here. */
export interface MeasuredNode {
  readonly standing: string;
  readonly isCurrent: boolean;
  /** All nodes, as this one has heard of them. */
  readonly nodes: readonly {
    readonly node: string;
    readonly isLive: boolean;
    readonly revision: number;
    readonly isLate: boolean;
  }[];
  /** Since each of the others said last what it sees of the health of targets; undefined: this node is alone. */
  readonly views: { ages(): ReadonlyMap<string, number | null> } | undefined;
  /** How far the times of day of the others are from the one here; undefined: this node is alone. */
  readonly clocks: { all(): ReadonlyMap<string, { readonly offsetMs: number }> } | undefined;
  /** How full etcd is; undefined: it is not known yet. */
  readonly room:
    | { readonly member: string; readonly databaseBytes: number; readonly quotaBytes: number; readonly level: string }
    | undefined;
}

const STANDINGS = ['alone', 'joining', 'live', 'out', 'ended'];

export function nodeMetrics(registry: Registry, node: MeasuredNode): void {
  collectGauge(
    registry,
    {
      name: 'teal_fleet_current',
      help: '1: this node may claim that it answers from the last acknowledged revision; 0: it is stale. Only in a fleet.',
    },
    (set) => set(node.isCurrent ? 1 : 0),
  );
  collectGauge(
    registry,
    {
      name: 'teal_fleet_standing',
      help: '1 for how this node stands in its fleet: alone, joining, live, out or ended. Only in a fleet.',
      labels: ['standing'],
    },
    (set) => {
      for (const standing of STANDINGS) set(standing === node.standing ? 1 : 0, { standing });
    },
  );
}

/** What this node has heard of each node, itself too. */
export function seenNodeMetrics(registry: Registry, fleet: MeasuredNode): void {
  const gauge = (name: string, help: string, read: (node: MeasuredNode['nodes'][number]) => number): void =>
    collectGauge(registry, { name, help, labels: ['node'] }, (set) => {
      for (const each of fleet.nodes) set(read(each), { node: each.node });
    });
  gauge(
    'teal_fleet_node_live',
    '1: changes wait for the node; 0: it is out. As this node has heard. Only in a fleet.',
    ({ isLive }) => (isLive ? 1 : 0),
  );
  gauge(
    'teal_fleet_node_revision',
    'The last revision that the node confirmed, as this node has heard. Only in a fleet.',
    ({ revision }) => revision,
  );
  gauge(
    'teal_fleet_node_late',
    '1: for longer than a change takes the node may answer by what was before, and nothing is drained. Only in a fleet.',
    ({ isLate }) => (isLate ? 1 : 0),
  );
  collectGauge(
    registry,
    {
      name: 'teal_fleet_node_views_age_seconds',
      help: 'Since the node said last what its probes see; above 15 it has no say in a quorum. Absent until it has. Only in a fleet.',
      labels: ['node'],
    },
    (set) => {
      for (const [node, age] of fleet.views?.ages() ?? []) if (age !== null) set(age, { node });
    },
  );
  collectGauge(
    registry,
    {
      name: 'teal_fleet_node_clock_offset_seconds',
      help: 'By how much the time of day of the node is ahead of the one here; negative: behind. Absent of who told nothing for 30 s. Only in a fleet.',
      labels: ['node'],
    },
    (set) => {
      for (const [node, { offsetMs }] of fleet.clocks?.all() ?? []) set(offsetMs / 1000, { node });
    },
  );
}

/** Of etcd, by the member that has the least room. */
export function roomMetrics(registry: Registry, fleet: MeasuredNode): void {
  const gauge = (name: string, help: string, read: (room: NonNullable<MeasuredNode['room']>) => number): void =>
    collectGauge(registry, { name, help, labels: ['member'] }, (set) => {
      if (fleet.room !== undefined) set(read(fleet.room), { member: fleet.room.member });
    });
  gauge(
    'teal_fleet_etcd_database_bytes',
    'Of the database of the member of etcd that has the least room. Only in a fleet.',
    ({ databaseBytes }) => databaseBytes,
  );
  gauge(
    'teal_fleet_etcd_quota_bytes',
    'What that database may have: beyond it nothing can be changed. Only in a fleet.',
    ({ quotaBytes }) => quotaBytes,
  );
  gauge(
    'teal_fleet_etcd_full',
    '1: etcd has raised its alarm that it is full, and takes no change. Only in a fleet.',
    ({ level }) => (level === 'full' ? 1 : 0),
  );
}

export function buildMetric(registry: Registry, version: string, node: string): void {
  new Gauge({
    name: 'teal_build_info',
    help: '1, with the version of Teal and of the Node that it runs on.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node }, 1);
}
