/** What it takes that replies leave in bulk (bulk.ts): the main thread's side. */
import { LINUX, type Libc } from '../libc.ts';
import type { SocketLog } from '../transport.ts';
import {
  createDeviceMap,
  createSharedArray,
  DEVICE_MAP_PROGRAM,
  loadProgram,
  mapDevice,
  mapSharedArray,
} from './bpf.ts';
import { XdpFault } from './fault.ts';
import type { NetworkInterface } from './interface.ts';
import { readFeatures, readNotSent } from './netlink.ts';
import { assembleCounter, type BulkMaps } from './program.ts';
import { type QueueShare, repliesInBulk, setBulkProgram, unsentReplies } from './queue.ts';
import { BULK } from './rings.ts';
import { isZeroCopy } from './socket.ts';

/** Drivers with which it was tried. */
const DRIVERS: readonly string[] = ['veth'];

/** Of one interface: what its program needs to send. */
export class BulkParts {
  readonly maps: BulkMaps;
  readonly #libc: Libc;
  readonly #index: number;
  readonly #queues: readonly QueueShare[];
  /** Of the program that the interface runs: always the same number, which workers may hold. undefined: of none. */
  #program: number | undefined;
  #isHalted = false;
  /** What the interface had not sent before any reply left in bulk, and what it has not sent by now. */
  #notSentBefore = 0;
  #notSent = 0;

  private constructor(libc: Libc, index: number, queues: readonly QueueShare[], maps: BulkMaps) {
    this.#libc = libc;
    this.#index = index;
    this.#queues = queues;
    this.maps = maps;
  }

  /**
   * Frames that the interface has dropped instead of sending them since replies leave in bulk, but for those that queues
   * count: of these nobody is told whose they are.
   */
  notSentBesides(): number {
    if (!this.#hasSent) return 0;
    // Where it is not told, it is what it was: a count does not fall.
    this.#notSent = Math.max(this.#notSent, this.#dropped());
    return Math.max(0, this.#notSent - this.#notSentBefore);
  }

  /** Replies have left in bulk. */
  get #hasSent(): boolean {
    return this.#queues.some((queue) => repliesInBulk(queue) > 0);
  }

  /** What the interface tells, without what is known by queue. */
  #dropped(): number {
    const unsent = this.#queues.reduce((sum, queue) => sum + unsentReplies(queue), 0);
    return (readNotSent(this.#libc, this.#index) ?? 0) - unsent;
  }

  /**
   * For an interface and its queues, whose program is assembled with the maps; undefined, with nothing left open, where
   * it is not to be had: then replies leave by the sockets.
   */
  static open(
    libc: Libc,
    log: SocketLog,
    { index, driver, name }: Pick<NetworkInterface, 'index' | 'driver' | 'name'>,
    queues: readonly QueueShare[],
    assemble: (maps: BulkMaps) => Uint8Array,
  ): BulkParts | undefined {
    if (!DRIVERS.includes(driver) || readFeatures(libc, index) === undefined) return undefined;
    // Where frames are not copied, the driver sends them as they are.
    if (queues.length === 0 || queues.some(({ fd }) => isZeroCopy(libc, fd))) return undefined;
    const opened: number[] = [];
    try {
      const replies = createSharedArray(libc, queues.length * BULK.BYTES);
      opened.push(replies);
      const device = createDeviceMap(libc, queues.length);
      opened.push(device);
      for (const { queue, memory, layout } of queues) {
        const counter = loadProgram(libc, assembleCounter(replies, queue), DEVICE_MAP_PROGRAM);
        try {
          mapDevice(libc, device, queue, index, counter);
        } finally {
          libc.close(counter);
        }
        mapSharedArray(libc, replies, queue * BULK.BYTES, new Uint8Array(memory, layout.bulk, BULK.BYTES));
      }
      const maps = { replies, device, queues: queues.length };
      // The verifier is asked here, so that what serves does not hang on it.
      libc.close(loadProgram(libc, assemble(maps)));
      return new BulkParts(libc, index, queues, maps);
    } catch (error) {
      for (const fd of opened) libc.close(fd);
      if (!(error instanceof XdpFault)) throw error;
      log.info({ interface: name, reason: error.message }, 'replies of AF_XDP leave one by one on this interface');
      return undefined;
    }
  }

  /** The interface runs this program from now on. Whose descriptor it is closes it. */
  sendBy(program: number): void {
    if (this.#program === undefined) {
      const fd = this.#libc.fcntl(program, LINUX.F_DUPFD_CLOEXEC, 0);
      if (fd >= 0) this.#program = fd;
    } else if (this.#libc.dup3(program, this.#program, LINUX.O_CLOEXEC) < 0) {
      this.halt();
    }
    this.look();
  }

  /** Lets replies leave in bulk if the interface takes them so: on a veth that is up to the other end. */
  look(): void {
    const takes = !this.#isHalted && readFeatures(this.#libc, this.#index)?.takes === true;
    if (takes && !this.#hasSent) this.#notSentBefore = this.#dropped();
    this.#let(takes ? this.#program : undefined);
  }

  /** The interface runs no program of ours any more. */
  halt(): void {
    this.#isHalted = true;
    this.#let(undefined);
  }

  close(): void {
    this.halt();
    // Not before the workers have ended: one may have read the number, which would soon be that of something else.
    if (this.#program !== undefined) this.#libc.close(this.#program);
    this.#libc.close(this.maps.replies);
    this.#libc.close(this.maps.device);
  }

  #let(program = 0): void {
    for (const queue of this.#queues) setBulkProgram(queue, program);
  }
}
