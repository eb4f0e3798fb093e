/** In which order a worker receives, reads the generation, answers, lets go and waits. */
import t from 'tap';
import type { Responder } from '../../../src/responder/answer.ts';
import { runBatchLoop } from '../../../src/sockets/batch/loop.ts';
import { Beat } from '../../../src/sockets/beat.ts';
import { LINUX, type Libc } from '../../../src/sockets/libc.ts';
import { COUNTER, type CounterView } from '../../../src/table/counters.ts';
import { CONTROL, CONTROL_BYTES } from '../../../src/table/layout.ts';

const TURNS = 2000;
const PER_TURN = 2;

/** What happened in a loop over so many sockets that got 50,000 queries a second, up to the end. */
function events(sockets: number, gatherMicroseconds: number): string[] {
  const seen: string[] = [];
  const buffers: Uint8Array[] = [];
  const shared = new SharedArrayBuffer(CONTROL_BYTES);
  const control = new Int32Array(shared);
  let turns = 0;
  const wordsOf = (address: number): Int32Array => new Int32Array(buffers[Math.floor(address / 2 ** 32)].buffer);
  const turn = (): number => {
    turns++;
    if (turns >= TURNS) Atomics.store(control, CONTROL.STOP, 1);
    return turns > TURNS ? -1 : PER_TURN;
  };
  const libc = {
    addressOf: (bytes: Uint8Array) => (buffers.push(bytes) - 1) * 2 ** 32,
    errno: () => LINUX.EAGAIN,
    getsockopt: () => -1,
    prctl: () => 0,
    clock_getres: () => 0,
    clock_gettime: (_clock: number, address: number) => {
      const ms = turns * 0.04;
      wordsOf(address)[0] = 1_700_000_000;
      wordsOf(address)[2] = Math.floor(ms * 1e6);
      return 0;
    },
    poll: (address: number, count: number) => {
      for (let i = 0; i < count; i++) wordsOf(address)[2 * i + 1] = LINUX.POLLIN | (LINUX.POLLIN << 16);
      return count;
    },
    nanosleep: () => {
      seen.push('wait');
      return 0;
    },
    recvmmsg: () => {
      seen.push('receive');
      return turn();
    },
  } as unknown as Libc;
  const responder = {
    client: { set: () => {} },
    enter: () => seen.push('enter'),
    leave: () => seen.push('leave'),
    read: () => {},
    lookAhead: () => {},
    reply: () => {
      if (seen.at(-1) !== 'answer') seen.push('answer');
      return 0;
    },
  } as unknown as Responder;
  runBatchLoop({
    libc,
    sources: Array.from({ length: sockets }, (_, fd) => ({ fd, wildcard: false })),
    gatherMicroseconds,
    responder,
    counters: { values: new Float64Array(COUNTER.BATCHES + 1) } as unknown as CounterView,
    control,
    beat: new Beat(shared, 0),
    refused: (call) => t.fail(`${call} was refused`),
    ready: () => seen.push('ready'),
  });
  return seen;
}

for (const sockets of [1, 3]) {
  t.test(`${sockets} sockets: nothing of the table is held while the thread waits for more queries`, async (t) => {
    const seen = events(sockets, 100);
    const waits = seen.filter((event) => event === 'wait').length;
    t.ok(waits > TURNS / sockets / 2, `${waits} waits in ${TURNS} receives`);
    const before = { wait: 'leave', enter: 'receive', answer: 'enter' } as const;
    for (const [event, expected] of Object.entries(before)) {
      const wrong = seen.find((_, i) => seen[i] === event && seen[i - 1] !== expected);
      t.equal(wrong, undefined, `${event} comes right after ${expected}`);
    }
    t.equal(seen.at(-1), 'leave');
  });

  t.test(`${sockets} sockets: no wait where none is allowed`, async (t) => {
    t.notOk(events(sockets, 0).includes('wait'));
  });
}
