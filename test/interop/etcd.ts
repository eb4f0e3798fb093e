/** Members of etcd from Debian, each in a process of its own on loopback, with its data in a temporary folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Etcd, type EtcdOptions } from '../../src/etcd/client.ts';
import { EtcdFailure } from '../../src/etcd/failure.ts';
import { freePort } from '../fixtures/free-port.ts';
import { endsWithUs } from '../fixtures/tidying.ts';

const START_LIMIT_MS = 60_000;
/**
 * A sync of a disk that others write to may take seconds, in which members elect anew, and nothing that tests judge is the
 * worse for it if none is made: a process that is killed leaves what it wrote. As a variable, which older ones pass over.
 */
const withoutSyncs = { ...process.env, ETCD_UNSAFE_NO_FSYNC: 'true' };

export interface EtcdMembers {
  readonly endpoints: readonly string[];
  /** To be ended by `process.kill` with a signal that the test means. */
  pid(member: number): number;
  /** Starts a member again on its data. */
  start(member: number): void;
  /** Resolves when some member answers a read that needs a quorum. */
  ready(): Promise<void>;
  kill(member: number): Promise<void>;
  /** By itself, or killed. */
  hasEnded(member: number): boolean;
  stop(): Promise<void>;
}

/** Where a member runs, and where others reach it; by its number. */
export type EtcdPlaces = (member: number) => { readonly host?: string; readonly wrapper?: readonly string[] };

/** So many members of one cluster; `words` are options of etcd that all of them get. */
export async function startEtcd(
  count: number,
  options: {
    readonly words?: readonly string[];
    readonly client?: Partial<EtcdOptions>;
    readonly isTls?: boolean;
    /** Where clients reach them. */
    readonly host?: string;
    readonly place?: EtcdPlaces | undefined;
    /** Of each member's data; by its number. */
    readonly folderOf?: ((member: number) => string | undefined) | undefined;
    /** As people have it, for whoever measures how long a change takes. */
    readonly syncs?: boolean | undefined;
  } = {},
): Promise<EtcdMembers> {
  const folder = mkdtempSync(join(tmpdir(), 'teal-etcd-'));
  const ports: { client: number; peer: number }[] = [];
  for (let n = 0; n < count; n++) ports.push({ client: await freePort(), peer: await freePort() });
  const scheme = options.isTls ? 'https' : 'http';
  const placeOf: EtcdPlaces = options.place ?? (() => ({}));
  const endpoints = ports.map(
    ({ client }, n) => `${scheme}://${options.host ?? placeOf(n).host ?? '127.0.0.1'}:${client}`,
  );
  const peers = ports.map(({ peer }, n) => `http://${placeOf(n).host ?? '127.0.0.1'}:${peer}`);
  const cluster = peers.map((url, n) => `m${n}=${url}`).join(',');
  const children: ChildProcess[] = [];
  const start = (n: number): void => {
    const words = [
      ...['--name', `m${n}`, '--data-dir', options.folderOf?.(n) ?? join(folder, `m${n}`), '--log-level', 'error'],
      ...['--listen-client-urls', endpoints[n], '--advertise-client-urls', endpoints[n]],
      ...['--listen-peer-urls', peers[n], '--initial-advertise-peer-urls', peers[n]],
      ...['--initial-cluster', cluster, '--initial-cluster-state', 'new', '--initial-cluster-token', folder],
      ...(options.words ?? []),
    ];
    const [program = 'etcd', ...before] = [...(placeOf(n).wrapper ?? []), 'etcd'];
    const env = options.syncs ? process.env : withoutSyncs;
    children[n] = endsWithUs(spawn(program, [...before, ...words], { stdio: 'ignore', env }));
  };
  const hasEnded = (n: number): boolean => children[n].exitCode !== null || children[n].signalCode !== null;
  const kill = async (n: number): Promise<void> => {
    const child = children[n];
    if (hasEnded(n)) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(children.map((_, n) => kill(n)));
    rmSync(folder, { recursive: true, force: true });
  };
  const ready = async (): Promise<void> => {
    const client = etcdClient(endpoints, options.client);
    try {
      for (const startedAt = performance.now(); ; await sleep(50)) {
        const found = await client.range({ key: 'is anybody there' });
        if (!(found instanceof EtcdFailure) || found.kind === 'denied') return;
        if (performance.now() - startedAt <= START_LIMIT_MS) continue;
        const ended = children.flatMap((child, n) =>
          hasEnded(n) ? [`m${n} by ${child.exitCode ?? child.signalCode}`] : [],
        );
        throw new Error(`etcd does not answer: ${found.detail}; ended: ${ended}`);
      }
    } finally {
      client.close();
    }
  };
  for (let n = 0; n < count; n++) start(n);
  await ready().catch(async (error) => {
    await stop();
    throw error;
  });
  return { endpoints, pid: (n) => children[n].pid as number, start, ready, kill, hasEnded, stop };
}

/** The command line of etcd, on all members or on some; what it prints. */
export function etcdctl(endpoints: readonly string[], ...words: string[]): string {
  const env = { PATH: process.env.PATH, ETCDCTL_API: '3' };
  return execFileSync('etcdctl', ['--endpoints', endpoints.join(','), ...words], { env, encoding: 'utf8' });
}

/** Has the members elect another one of them, if they agree on one now. */
export async function moveLeader(endpoints: readonly string[]): Promise<void> {
  const client = etcdClient(endpoints);
  const found = await client.members().finally(() => client.close());
  const members = found.flatMap((member) => (member instanceof EtcdFailure ? [] : [member]));
  const [leader, other] = [true, false].map((leads) => members.find(({ isLeader }) => isLeader === leads)?.endpoint);
  if (leader === undefined || other === undefined) return;
  const id = etcdctl([other], 'endpoint', 'status').split(',')[1]?.trim() ?? '';
  etcdctl([leader], 'move-leader', id);
}

export function etcdClient(endpoints: readonly string[], more: Partial<EtcdOptions> = {}): Etcd {
  return new Etcd({ endpoints, timeoutMs: 1500, random: Math.random, wallMs: Date.now, ...more });
}

/** A request that etcd has answered; it throws with the reason where that is no result. */
export function must<Result>(result: Result | EtcdFailure): Result {
  if (result instanceof EtcdFailure) throw new Error(`${result.kind}: ${result.detail}`);
  return result;
}

/** Asks until it is not unreachable: an election may be going on. */
export async function settled<Result>(ask: () => Promise<Result | EtcdFailure>): Promise<Result> {
  for (const startedAt = performance.now(); ; await sleep(50)) {
    const result = await ask();
    const isLost = result instanceof EtcdFailure && result.kind === 'unreachable';
    if (!isLost || performance.now() - startedAt > START_LIMIT_MS) return must(result);
  }
}
