/** The workers: started on sockets that the main thread keeps, watched, replaced when they die, stopped together. */
import assert from 'node:assert/strict';
import os from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { ResponderOptions } from '../responder/options.ts';
import { CONTROL, CONTROL_BYTES, READERS_PER_PLACE } from '../table/layout.ts';
import type { SharedTable } from '../table/memory.ts';
import { LAYOUT_VERSION } from '../table/shared-memory.ts';
import type { Endpoint } from './address.ts';
import { Beat, BeatWatch } from './beat.ts';
import { leaveWithoutThreads, within } from './exit.ts';
import { inlineWidely } from './inlining.ts';
import { errorName, loadLibc } from './libc.ts';
import type { AddressOptions, ListenAddresses, SocketState } from './listen-addresses.ts';
import { clearMarks, Marks } from './marks.ts';
import { type Crew, Post } from './post.ts';
import type { TransportOptions } from './transport.ts';
import { TCP, type UdpTransportSetting } from './transports.ts';
import { openUdp, type Served } from './udp.ts';
import type { RefusedCall, WorkerAssignment } from './worker.ts';

export interface FleetOptions
  extends Omit<AddressOptions, 'workers'>,
    Omit<TransportOptions, 'workers' | 'udpMaxBytes'> {
  readonly workers: number | 'auto';
  readonly transport: UdpTransportSetting;
  readonly responder: ResponderOptions;
  readonly shared: SharedTable;
  /** One memory for each UDP worker and one for the TCP worker. */
  readonly counters: readonly SharedArrayBuffer[];
  /** The part of the table's marks that is this process's, where another one may read too; undefined: all are. */
  readonly place?: number;
  /** The module that a worker runs; tests put broken ones here. */
  readonly entry?: URL;
  /** A worker that does not answer so long after its start is ended, and another one started. */
  readonly startLimitMs?: number;
  /** A worker that was to be started is of a version that lays the table out differently. */
  readonly unlike?: () => void;
  /** Looks without a sign of life after which a worker is replaced. */
  readonly stuckLooks?: number;
}

/** A thread is up in a tenth of a second; a machine that is busy with something else may take long. */
const START_LIMIT_MS = 30_000;
/** How often it is looked whether the workers go on. */
const LOOK_MS = 250;
/**
 * A worker that shows no sign of life for so many looks stands still: three seconds, fifteen times what one that waits
 * takes. It is looks that are counted, so that a process which was stopped as a whole finds nobody stuck.
 */
const STUCK_LOOKS = 12;
/** A thread that does not end in this time never will. */
const TERMINATE_LIMIT_MS = 500;
const REFUSED_WORDS =
  'the system refuses a call for many messages (seccomp, gVisor, WSL?): queries cost more, none is lost';
/** A graceful stop may take this long before the threads are ended: first for TCP, then for UDP. */
const TCP_STOP_LIMIT_MS = 2000;
const STOP_LIMIT_MS = 1000;

const defaultEntry = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** UDP workers for a setting. */
export function udpWorkersOf(workers: number | 'auto'): number {
  return Math.min(workers === 'auto' ? os.availableParallelism() : workers, READERS_PER_PLACE - 1);
}

export class Fleet {
  /** Listen addresses with the ports in use. */
  readonly endpoints: readonly Endpoint[];
  /** The stop word and the workers' beats, laid out as in the table's control words, but of this process alone. */
  readonly own = new SharedArrayBuffer(CONTROL_BYTES);
  readonly #options: FleetOptions;
  readonly #responder: ResponderOptions;
  readonly #udp: Served;
  readonly #tcp: Served;
  readonly #crew: Crew;
  readonly #posts: readonly Post[];
  readonly #watch: BeatWatch;
  readonly #refusedCalls = new Set<string>();
  #watching: NodeJS.Timeout | undefined;

  private constructor(options: FleetOptions, endpoints: readonly Endpoint[], udp: Served, tcp: Served) {
    this.#options = options;
    this.endpoints = endpoints;
    this.#udp = udp;
    this.#tcp = tcp;
    const { udpMaxBytes } = options.responder;
    this.#responder = { ...options.responder, udpMaxBytes: Math.min(udpMaxBytes, udp.udpMaxBytes ?? udpMaxBytes) };
    this.#crew = this.#makeCrew();
    this.#posts = options.counters.map((_, worker) => new Post(worker, this.#crew));
    const beats = this.#posts.map((_, worker) => new Beat(this.own, worker));
    this.#watch = new BeatWatch(beats, options.stuckLooks ?? STUCK_LOOKS);
  }

  /** Opens every socket, starts every worker, and resolves when all of them answer. Throws ListenError. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const workers = udpWorkersOf(options.workers);
    assert.equal(options.counters.length, workers + 1);
    const libc = loadLibc();
    const { udpMaxBytes } = options.responder;
    const { addresses, udp, refused, failed } = await openUdp(libc, options.transport, {
      ...options,
      workers,
      udpMaxBytes,
    });
    const { name } = udp.transport;
    tellOpened(addresses, name, workers, options);
    for (const { summary, why } of failed) {
      options.log.warn({ reason: why }, `${summary}, so the ${name} transport serves: queries cost more`);
    }
    const openedTcp = TCP.open(addresses, { ...options, workers, udpMaxBytes });
    assert(!('works' in openedTcp), 'TCP is everywhere');
    const tcp = { transport: TCP, ...openedTcp };
    const fleet = new Fleet(options, addresses.endpoints, udp, tcp);
    for (const [call, errno] of refused) fleet.#tellRefused({ call, errno });
    if (options.place !== undefined) clearMarks(options.shared.control, options.place);
    try {
      await Promise.all(fleet.#posts.map((post) => post.start()));
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    udp.begin?.();
    // Not before: what was compiled ahead (decision 0059) is only of use under the options that it was compiled with.
    inlineWidely();
    fleet.#watching = setInterval(() => fleet.#lookForStuck(), LOOK_MS);
    fleet.#watching.unref();
    return fleet;
  }

  /** The name of the one that serves UDP. */
  get transport(): string {
    return this.#udp.transport.name;
  }

  /** Threads that answer at the moment. */
  get alive(): number {
    return this.#posts.length - this.missing.length;
  }

  /** Workers that do not answer at the moment, by their numbers; the last number of all is the TCP worker's. */
  get missing(): readonly number[] {
    return this.#posts.flatMap((post, worker) => (post.isServed ? [] : [worker]));
  }

  /** Threads that were replaced: those that died, and those that stood still. */
  get replacements(): { readonly died: number; readonly stuck: number } {
    return this.#crew.replacements;
  }

  /** What waits in each UDP socket, and what was dropped there; empty where the system does not tell. */
  socketStates(): readonly SocketState[] {
    return [...this.#udp.states(), ...this.#tcp.states()];
  }

  /** Stops accepting, answers what was received, ends the threads, closes the sockets. */
  async stop(): Promise<void> {
    this.#crew.isStopping = true;
    clearInterval(this.#watching);
    const posts = this.#posts;
    const threads = posts.map(({ thread }) => thread);
    // TCP first: its clients may take a second to read their last replies, and UDP is answered until then.
    await within(posts.at(-1)?.end() ?? Promise.resolve(), TCP_STOP_LIMIT_MS);
    this.#udp.halt?.();
    Atomics.store(new Int32Array(this.own), CONTROL.STOP, 1);
    await within(Promise.all(posts.map((post) => post.end())), STOP_LIMIT_MS);
    const ended = Promise.all([...threads, ...this.#crew.abandoned].map((thread) => thread?.terminate()));
    if (!(await within(ended, TERMINATE_LIMIT_MS))) leaveWithoutThreads();
    this.#udp.close();
    this.#tcp.close();
  }

  #makeCrew(): Crew {
    const { shared, place, log, entry = defaultEntry, startLimitMs = START_LIMIT_MS, unlike } = this.#options;
    return {
      entry,
      startLimitMs,
      log,
      isStopping: false,
      marks: new Marks(shared.control, place),
      abandoned: new Set<Worker>(),
      replacements: { died: 0, stuck: 0 },
      assign: (worker, mark) => this.#assign(worker, mark),
      ready: (worker) => this.#watch.forget(worker),
      refused: (call) => this.#tellRefused(call),
      unlike: () => unlike?.(),
    };
  }

  #lookForStuck(): void {
    for (const worker of this.#watch.look()) this.#posts[worker].replaceStuck();
  }

  #assign(reader: number, mark: number): WorkerAssignment {
    const { shared, counters } = this.#options;
    const served = reader === counters.length - 1 ? this.#tcp : this.#udp;
    const transport = served.transport.name;
    const responder = this.#responder;
    const given = { layout: LAYOUT_VERSION, shared, own: this.own, counters: counters[reader], responder };
    return { reader, mark, ...given, transport, share: served.share(reader) };
  }

  /** One line for each call, however many workers find out. */
  #tellRefused({ call, errno }: RefusedCall): void {
    if (this.#refusedCalls.has(call)) return;
    this.#refusedCalls.add(call);
    this.#options.log.warn({ call, error: errorName(errno) }, REFUSED_WORDS);
  }
}

function tellOpened({ opened }: ListenAddresses, transport: string, workers: number, { log }: FleetOptions): void {
  for (const { endpoint, udp, tcp, receiveBufferBytes } of opened) {
    log.info({ ...endpoint, workers, sockets: udp.length, receiveBufferBytes, transport }, 'dns listening');
    if (udp.length > 0 && tcp.length > 0) continue;
    const missing = tcp.length === 0 ? 'TCP' : 'UDP';
    log.warn(endpoint, `no ${missing} socket was handed over: DNS takes both (RFC 7766 §5)`);
  }
}
