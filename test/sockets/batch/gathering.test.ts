/** When a worker waits for more queries, and when it does not. */
import fc from 'fast-check';
import t from 'tap';
import { Gathering } from '../../../src/sockets/batch/gathering.ts';
import { BATCH } from '../../../src/sockets/batch/memory.ts';
import { type Libc, loadLibc } from '../../../src/sockets/libc.ts';
import { runs } from '../../fixtures/runs.ts';

const MICROSECONDS = 100;
/** Unix time beyond 32 bits of milliseconds, as it is. */
const NOW_MS = 1.7e12;

interface System {
  readonly resolutionNs?: number;
  readonly slackErrno?: number;
}

/** A system that counts waits, and where the address of a buffer is the number of the buffer. */
function system({ resolutionNs = 1, slackErrno = 0 }: System = {}) {
  const buffers: Uint8Array[] = [];
  const waits: number[] = [];
  const wordsOf = (address: number): Int32Array => new Int32Array(buffers[address].buffer);
  const libc = {
    addressOf: (bytes: Uint8Array) => buffers.push(bytes) - 1,
    clock_getres: (_clock: number, address: number) => {
      wordsOf(address)[2] = resolutionNs;
      return 0;
    },
    prctl: () => (slackErrno === 0 ? 0 : -1),
    nanosleep: (address: number) => {
      waits.push(wordsOf(address)[2]);
      return 0;
    },
  } as unknown as Libc;
  return { libc, waits };
}

/** The waits of a worker that gets `perTurn` queries every `turnMs`, in `turns` turns. */
function waitsOf(gathering: Gathering, waits: number[], perTurn: number, turnMs: number, turns: number): number {
  const before = waits.length;
  for (let turn = 0; turn < turns; turn++) {
    gathering.note(perTurn, Math.floor(NOW_MS + turn * turnMs));
    gathering.wait();
  }
  return waits.length - before;
}

t.test('it waits where queries come fast and batches are small, so long as it was told', async (t) => {
  const { libc, waits } = system();
  const gathering = new Gathering(libc, MICROSECONDS);
  const turns = waitsOf(gathering, waits, 3, 0.06, 4000);
  t.ok(turns > 3000, `${turns} waits at 50,000 queries a second`);
  t.ok(waits.every((ns) => ns === 1000 * MICROSECONDS));
});

t.test('nobody is delayed where queries come slowly, also when two come together', async (t) => {
  const { libc, waits } = system();
  for (const [perTurn, turnMs] of [
    [1, 0.1],
    [2, 0.2],
    [2, 100],
    [15, 1],
  ]) {
    const slow = waitsOf(new Gathering(libc, MICROSECONDS), waits, perTurn, turnMs, 5000);
    t.equal(slow, 0, `${perTurn} queries each ${turnMs} ms`);
  }
});

t.test(
  'turns that are half a batch or more do not wait, nor does anybody where most are a quarter of one',
  async (t) => {
    const { libc, waits } = system();
    for (const perTurn of [BATCH / 4, BATCH / 2, BATCH])
      t.equal(waitsOf(new Gathering(libc, MICROSECONDS), waits, perTurn, 0.06, 5000), 0, `${perTurn} a turn`);
    t.ok(waitsOf(new Gathering(libc, MICROSECONDS), waits, BATCH / 4 - 1, 0.06, 5000) > 3500);
    const gathering = new Gathering(libc, MICROSECONDS);
    let afterLarge = 0;
    waits.length = 0;
    for (let turn = 0; turn < 5000; turn++) {
      const before = waits.length;
      gathering.note(turn % 6 === 0 ? BATCH / 2 : 2, Math.floor(NOW_MS + turn * 0.1));
      gathering.wait();
      if (turn % 6 === 0) afterLarge += waits.length - before;
    }
    t.equal(afterLarge, 0);
    t.ok(waits.length > 3500, `${waits.length} waits after small ones`);
  },
);

t.test('a small turn among full ones does not wait', async (t) => {
  const { libc, waits } = system();
  const gathering = new Gathering(libc, MICROSECONDS);
  for (let turn = 0; turn < 5000; turn++) {
    gathering.note(turn % 5 === 0 ? 1 : BATCH, Math.floor(NOW_MS + turn * 0.1));
    gathering.wait();
  }
  t.same(waits, []);
});

t.test('what several sockets had counts together, and a turn without a query does not wait', async (t) => {
  const { libc, waits } = system();
  const gathering = new Gathering(libc, MICROSECONDS);
  waitsOf(gathering, waits, 3, 0.06, 1000);
  waits.length = 0;
  for (let socket = 0; socket < 4; socket++) gathering.note(BATCH / 8, NOW_MS + 61);
  gathering.wait();
  gathering.wait();
  t.same(waits, []);
  gathering.note(1, NOW_MS + 61);
  gathering.wait();
  t.equal(waits.length, 1);
});

t.test('it ends at the first look after queries have stopped coming fast, or the clock was set back', async (t) => {
  for (const stepMs of [1000, -3_600_000, 2 ** 31 + 5]) {
    const { libc, waits } = system();
    const gathering = new Gathering(libc, MICROSECONDS);
    waitsOf(gathering, waits, 3, 0.06, 1000);
    waits.length = 0;
    gathering.note(1, NOW_MS + 60 + stepMs);
    gathering.wait();
    t.same(waits, [], `${stepMs} ms later`);
  }
});

/** The queries of `windows` windows of ten milliseconds, each of a rate that may depend on whether there are waits now. */
function play(gathering: Gathering, waits: number[], windows: number, perTurn: (waiting: boolean) => number): string {
  let told = '';
  for (let window = 0; window < windows; window++) {
    const before = waits.length;
    for (let turn = 0; turn < 100; turn++) {
      gathering.note(perTurn(waits.length > before), Math.floor(clockMs));
      gathering.wait();
      clockMs += 0.1;
    }
    told += waits.length > before ? 'w' : '.';
  }
  return told;
}
let clockMs = NOW_MS;

t.test('who is not held back by waits gets them, but for a moment in each cycle', async (t) => {
  const { libc, waits } = system();
  const told = play(new Gathering(libc, MICROSECONDS), waits, 500, () => 5);
  t.match(told, /^\.+(w{28,31}\.{1,3}){10,}/);
});

t.test('who asks less because of waits gets hardly any', async (t) => {
  const { libc, waits } = system();
  const told = play(new Gathering(libc, MICROSECONDS), waits, 5000, (waiting) => (waiting ? 3 : 5));
  const share = told.split('w').length / told.length;
  t.ok(share < 0.05, `waits in ${share} of the windows`);
  t.match(told, /w\.{90,120}w+\.{190,220}w+\.{390,420}w/, 'each pause is twice as long as the last');
});

t.test('who comes below the rate because of waits gets hardly any', async (t) => {
  const { libc, waits } = system();
  const told = play(new Gathering(libc, MICROSECONDS), waits, 2000, (waiting) => (waiting ? 1 : 3));
  t.match(told, /w/);
  const share = told.split('w').length / told.length;
  t.ok(share < 0.02, `waits in ${share} of the windows`);
});

t.test('load that comes and goes once in a while ends no wait', async (t) => {
  const { libc, waits } = system();
  const gathering = new Gathering(libc, MICROSECONDS);
  let told = '';
  // Every third cycle it falls below the rate for a moment.
  for (let time = 0; time < 10; time++) {
    told += play(gathering, waits, 100, () => 5);
    told += play(gathering, waits, 1, () => 1);
  }
  const share = told.split('w').length / told.length;
  t.ok(share > 0.85, `waits in ${share} of the windows`);
});

t.test('who was held back once is tried again, and after a gap at once', async (t) => {
  const { libc, waits } = system();
  const gathering = new Gathering(libc, MICROSECONDS);
  play(gathering, waits, 90, (waiting) => (waiting ? 3 : 5));
  t.match(
    play(gathering, waits, 300, () => 5),
    /^\.{60,120}w{28,31}\.{1,3}w{28,31}/,
  );
  clockMs += 5000;
  t.match(
    play(gathering, waits, 60, () => 5),
    /^\.{1,4}w{28,31}/,
  );
});

t.test('a clock that is set back says nothing against waits', async (t) => {
  const { libc, waits } = system();
  const gathering = new Gathering(libc, MICROSECONDS);
  for (let time = 0; time < 4; time++) {
    play(gathering, waits, 10, () => 5);
    clockMs -= 3000;
  }
  t.match(
    play(gathering, waits, 60, () => 5),
    /^\.{1,4}w{28,31}/,
  );
});

t.test('it never waits where that is switched off, timers are coarse, or cannot be made exact', async (t) => {
  const cases: [System, number][] = [
    [{}, 0],
    [{ resolutionNs: 4_000_000 }, MICROSECONDS],
    [{ slackErrno: 1 }, MICROSECONDS],
  ];
  for (const [way, microseconds] of cases) {
    const { libc, waits } = system(way);
    t.equal(waitsOf(new Gathering(libc, microseconds), waits, 3, 0.06, 2000), 0, JSON.stringify(way));
  }
});

t.test('below the rate there is no wait, whatever the order in which queries come', async () => {
  // In any window that is looked at, 20 queries a millisecond are not reached by less than one a twentieth of it.
  const gaps = fc.array(fc.tuple(fc.integer({ min: 1, max: BATCH }), fc.integer({ min: 0, max: 10 })), {
    minLength: 50,
    maxLength: 400,
  });
  fc.assert(
    fc.property(gaps, (turns) => {
      const { libc, waits } = system();
      const gathering = new Gathering(libc, MICROSECONDS);
      let nowMs = NOW_MS;
      for (const [count, extraMs] of turns) {
        nowMs += count / 19 + extraMs;
        gathering.note(count, Math.floor(nowMs));
        gathering.wait();
      }
      return waits.length === 0;
    }),
    { numRuns: runs(100) },
  );
});

const own = loadLibc();
t.test('the system waits as it is told, or longer', { skip: own === undefined && 'no C library' }, async (t) => {
  const results: number[] = [];
  const libc = own as Libc;
  const nanosleep: Libc['nanosleep'] = (time, left) => {
    const result = libc.nanosleep(time, left);
    results.push(result);
    return result;
  };
  const startedAt = performance.now();
  waitsOf(new Gathering({ ...libc, nanosleep }, 999), results, 3, 0.06, 600);
  t.ok(results.length > 100, `${results.length} waits`);
  t.same(new Set(results), new Set([0]));
  t.ok(performance.now() - startedAt >= 0.99 * results.length, 'at least a millisecond each, but for rounding');
});
