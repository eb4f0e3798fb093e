/** UDP in batches: recvmmsg, answers, sendmmsg, on buffers that are laid out once (Linux). */
import { COUNTER } from '../../table/counters.ts';
import { CONTROL } from '../../table/layout.ts';
import { isRefusal, LINUX, type Libc } from '../libc.ts';
import type { Duty } from '../transport.ts';
import { Gathering } from './gathering.ts';
import { BATCH } from './memory.ts';
import { BatchSocket } from './socket.ts';
import { WallClock } from './wall-clock.ts';

/** Batches from one socket before the others are looked at again. */
const BATCHES_IN_A_ROW = 8;
/** Batches that a worker still answers after it was told to stop. */
const LAST_BATCHES = 256;
/** How often a worker with several sockets looks at the stop word. */
const POLL_TIMEOUT_MS = 200;
/** And how often it looks at its sockets where it cannot wait for them: what a query waits at most. */
const LOOK_MS = 1;

/** A bound UDP socket; on a wildcard address answers leave from the address that was asked. */
interface BatchSource {
  readonly fd: number;
  readonly wildcard: boolean;
}

interface BatchLoop extends Duty {
  readonly libc: Libc;
  readonly sources: readonly BatchSource[];
  /** What queries that come fast may wait for others at most; 0: not at all. */
  readonly gatherMicroseconds: number;
}

/** Answers until the stop word is set; blocks its thread. Throws where a socket fails: the fleet replaces the worker. */
export function runBatchLoop(loop: BatchLoop): void {
  const { libc, sources, responder, counters, control, beat, refused, ready } = loop;
  const batches = sources.map(({ fd, wildcard }) => new BatchSocket(libc, fd, wildcard, refused));
  const clock = new WallClock(libc);
  const gathering = new Gathering(libc, loop.gatherMicroseconds);
  // Looked at once a turn, so a turn is what it counts.
  const stopping = (): boolean => {
    beat.raise();
    return Atomics.load(control, CONTROL.STOP) !== 0;
  };
  const serve = (socket: BatchSocket, flags: number): number => {
    const count = socket.receive(flags);
    if (count === 0) return 0;
    // After the receive and before the answers: this order makes a cutover exact.
    const nowMs = clock.now();
    responder.enter(nowMs);
    gathering.note(count, nowMs);
    counters.values[COUNTER.BATCHES] = counters.values[COUNTER.BATCHES] + 1;
    socket.answer(responder, count);
    return count;
  };
  // No memory that an answer reads is held on to meanwhile.
  const rest = (): void => {
    responder.leave();
    gathering.wait();
  };
  ready();
  if (batches.length === 1) serveOne(batches[0], rest, serve, stopping);
  else serveSeveral({ libc, refused }, batches, rest, serve, stopping);
  // Queries that had arrived are still answered.
  for (const socket of batches) {
    for (let i = 0; i < LAST_BATCHES && serve(socket, LINUX.MSG_DONTWAIT) > 0; i++);
  }
  responder.leave();
}

type Serve = (socket: BatchSocket, flags: number) => number;

/** One socket: the receive itself waits (SO_RCVTIMEO, since recvmmsg's own timeout does not fire on an idle socket). */
function serveOne(socket: BatchSocket, rest: () => void, serve: Serve, stopping: () => boolean): void {
  while (!stopping()) {
    rest();
    serve(socket, LINUX.MSG_WAITFORONE);
  }
}

/** Several sockets: poll, then receive without blocking from those that have something. */
function serveSeveral(
  { libc, refused }: Pick<BatchLoop, 'libc' | 'refused'>,
  sockets: readonly BatchSocket[],
  rest: () => void,
  serve: Serve,
  stopping: () => boolean,
): void {
  const descriptors = new Int32Array(2 * sockets.length);
  sockets.forEach((socket, i) => {
    descriptors[2 * i] = socket.fd;
    descriptors[2 * i + 1] = LINUX.POLLIN;
  });
  const address = libc.addressOf(new Uint8Array(descriptors.buffer));
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  let polls = true;
  while (!stopping()) {
    rest();
    const ready = polls ? libc.poll(address, sockets.length, POLL_TIMEOUT_MS) : 0;
    if (ready < 0 && isRefusal(libc.errno())) {
      polls = false;
      refused('poll', libc.errno());
    }
    if (polls && ready <= 0) continue;
    // Without poll there is no waiting for several at once: they are looked at in turns.
    if (!polls && !serveAny(sockets, serve)) Atomics.wait(sleep, 0, 0, LOOK_MS);
    if (!polls) continue;
    for (let i = 0; i < sockets.length; i++) {
      if (descriptors[2 * i + 1] >>> 16 === 0) continue;
      // A full batch says that there may be more.
      for (let row = 0; row < BATCHES_IN_A_ROW && serve(sockets[i], LINUX.MSG_DONTWAIT) === BATCH; row++);
    }
  }
}

/** Answers what each socket holds; whether there was anything. */
function serveAny(sockets: readonly BatchSocket[], serve: Serve): boolean {
  let found = false;
  for (const socket of sockets) if (serve(socket, LINUX.MSG_DONTWAIT) > 0) found = true;
  return found;
}
