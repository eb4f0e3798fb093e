/** The worker's loop: queues of network interfaces, and beside them the ordinary sockets of the same addresses. */
import { COUNTER } from '../../table/counters.ts';
import { CONTROL } from '../../table/layout.ts';
import { BATCH } from '../batch/memory.ts';
import { BatchSocket } from '../batch/socket.ts';
import { WallClock } from '../batch/wall-clock.ts';
import { LINUX, type Libc } from '../libc.ts';
import type { Duty } from '../transport.ts';
import { XDP_BATCH, type XdpQueue } from './queue.ts';

/** How long a worker waits that has nothing to do, before it looks at the stop word. */
const WAIT_MS = 200;
/** And how long one whose replies the interface does not take at the moment. */
const RETRY_MS = 1;
/**
 * Frames in a row without a look at the ordinary sockets. What comes there waits for as many answers while queues are busy:
 * for 0.8 ms where each takes 1.6 µs, and for longer where they take more.
 */
const FRAMES_BETWEEN_LOOKS = 512;
/** Batches from one socket before the queues are looked at again. */
const BATCHES_IN_A_ROW = 4;
/** Batches of a queue or a socket that are still answered after the worker was told to stop. */
const LAST_BATCHES = 256;
const POLL_FAILED = LINUX.POLLERR | LINUX.POLLHUP | LINUX.POLLNVAL;

/** A bound UDP socket; on a wildcard address answers leave from the address that was asked. */
interface SocketSource {
  readonly fd: number;
  readonly wildcard: boolean;
}

interface XdpLoop extends Duty {
  readonly libc: Libc;
  readonly queues: readonly XdpQueue[];
  readonly sources: readonly SocketSource[];
}

/** Answers until the stop word is set; blocks its thread. Throws where a socket fails: the fleet replaces the worker. */
export function runXdpLoop({
  libc,
  queues,
  sources,
  responder,
  counters,
  control,
  beat,
  refused,
  ready,
}: XdpLoop): void {
  const sockets = sources.map(({ fd, wildcard }) => new BatchSocket(libc, fd, wildcard, refused));
  const clock = new WallClock(libc);
  const waiting = new Waiting(libc, queues, sockets);

  const serveQueue = (queue: XdpQueue): number => {
    const count = queue.received();
    if (count > 0) {
      // After the ring was read and before the answers: this order makes a cutover exact.
      responder.enter(clock.now());
      counters.values[COUNTER.BATCHES] = counters.values[COUNTER.BATCHES] + 1;
      queue.answer(responder, count);
    }
    queue.send();
    return count;
  };
  const serveSocket = (socket: BatchSocket): number => {
    const count = socket.receive(LINUX.MSG_DONTWAIT);
    if (count === 0) return 0;
    responder.enter(clock.now());
    counters.values[COUNTER.BATCHES] = counters.values[COUNTER.BATCHES] + 1;
    socket.answer(responder, count);
    return count;
  };
  const serveSockets = (): void => {
    for (let i = 0; i < sockets.length; i++) {
      for (let row = 0; row < BATCHES_IN_A_ROW && serveSocket(sockets[i]) === BATCH; row++);
    }
  };
  const serveQueues = (): number => {
    let count = 0;
    for (let i = 0; i < queues.length; i++) count += serveQueue(queues[i]);
    return count;
  };

  ready();
  for (let unlooked = 0; ; ) {
    beat.raise();
    if (Atomics.load(control, CONTROL.STOP) !== 0) break;
    const count = serveQueues();
    unlooked += count;
    if (count > 0 && unlooked < FRAMES_BETWEEN_LOOKS) continue;
    unlooked = 0;
    if (count === 0) responder.leave();
    // Also while there is much to do, without waiting: a driver may want to be called, and the sockets have their turn.
    if (waiting.wait(count > 0 ? 0 : WAIT_MS)) serveSockets();
  }
  // Queries that had arrived are still answered.
  for (const queue of queues) for (let i = 0; i < LAST_BATCHES && serveQueue(queue) === XDP_BATCH; i++);
  for (const socket of sockets) for (let i = 0; i < LAST_BATCHES && serveSocket(socket) > 0; i++);
  responder.leave();
}

/** Waits for all of them at once. */
class Waiting {
  readonly #libc: Libc;
  readonly #queues: readonly XdpQueue[];
  /** Of each, queues first: the descriptor, what is asked of it, and what is said (struct pollfd). */
  readonly #descriptors: Int32Array;
  readonly #address: number;

  constructor(libc: Libc, queues: readonly XdpQueue[], sockets: readonly BatchSocket[]) {
    this.#libc = libc;
    this.#queues = queues;
    this.#descriptors = Int32Array.from([...queues, ...sockets].flatMap(({ fd }) => [fd, LINUX.POLLIN]));
    this.#address = libc.addressOf(new Uint8Array(this.#descriptors.buffer));
  }

  /** Waits so long at most; whether there is something at the sockets. */
  wait(limitMs: number): boolean {
    const descriptors = this.#descriptors;
    const count = descriptors.length >> 1;
    let waitMs = limitMs;
    for (let i = 0; i < this.#queues.length; i++) {
      // The turn behind the wait sends them; where nothing is copied the wait itself has the driver do it.
      if (this.#queues[i].isSending && waitMs > RETRY_MS) waitMs = RETRY_MS;
    }
    if (this.#libc.poll(this.#address, count, waitMs) <= 0) return false;
    let found = false;
    for (let i = 0; i < count; i++) {
      const said = descriptors[2 * i + 1] >>> 16;
      if (said === 0) continue;
      if (i >= this.#queues.length) found = true;
      // The interface is gone; its addresses are served by the sockets, should they come back.
      else if ((said & POLL_FAILED) !== 0) descriptors[2 * i] = -1;
    }
    return found;
  }
}
