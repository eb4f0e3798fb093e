/** Looking ahead looks at all lines of memory that the answer to a name then reads, wherever in a line its blocks begin. */
import t from 'tap';
import { Responder } from '../../src/responder/answer.ts';
import { CounterRegistry, CounterView, createCounterMemory } from '../../src/table/counters.ts';
import { Lookup } from '../../src/table/lookup.ts';
import { createSharedTable } from '../../src/table/memory.ts';
import { Xoshiro128 } from '../../src/table/picking/pick.ts';
import { Table } from '../../src/table/table.ts';
import { dataViewOf } from '../../src/wire/word-copy.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import { apply, defaultOptions, nameKeys, rrset, service, zone } from '../fixtures/table.ts';

const NAMES = 64;
/** Under it every name is among the slots that are looked at ahead; under others some are further on, which is only slower. */
const SECRET = 2;
const LINE_BYTES = 64;

/** The same array, which notes the lines that are read of it. */
function watched<Words extends Int32Array | Float64Array>(words: Words, lines: Set<number>): Words {
  return new Proxy(words, {
    get(target, key) {
      const index = typeof key === 'string' ? Number(key) : Number.NaN;
      if (Number.isInteger(index)) lines.add(Math.floor((index * target.BYTES_PER_ELEMENT) / LINE_BYTES));
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function makeWorld() {
  const shared = createSharedTable(2 ** 20, 2 ** 22);
  const memory = createCounterMemory();
  const table = new Table(shared, new CounterRegistry([memory], 1), nameKeys(SECRET));
  const names = Array.from({ length: NAMES }, (_, i) => i);
  apply(table, zone('example.test'));
  for (const i of names) {
    apply(table, rrset('example.test', `h${i}.example.test`, 'A', 300, `192.0.2.${i}`));
    const pools = { blue: [7, `192.0.2.${i}`], green: [3, `198.51.100.${i}`] } as const;
    apply(table, service('example.test', `s${i}.example.test`, { blue: [...pools.blue], green: [...pools.green] }));
  }
  const lookup = new Lookup(shared, 0);
  const counters = new CounterView(memory);
  const responder = new Responder(lookup, counters, new Xoshiro128(Uint32Array.of(1, 2, 3, 4)), defaultOptions);
  const lines = { table: new Set<number>(), counters: new Set<number>(), kept: new Set<number>() };
  responder.enter(1000);
  lookup.view.words = watched(lookup.view.words, lines.table);
  counters.values = watched(counters.values, lines.counters);
  const { kept } = responder;
  Object.assign(kept, { words: watched(kept.words, lines.kept) });
  /** What a step reads. */
  const read = (step: () => void): Readonly<Record<keyof typeof lines, ReadonlySet<number>>> => {
    for (const part of [lines.table, lines.counters, lines.kept]) part.clear();
    step();
    return { table: new Set(lines.table), counters: new Set(lines.counters), kept: new Set(lines.kept) };
  };
  return { responder, read };
}

/** Read and not looked at: but what every answer reads (the zone, its index's directory, the counters of all) stays near by itself. */
function missed(all: readonly { ahead: ReadonlySet<number>; answer: ReadonlySet<number> }[]): number[] {
  const common = new Set([...(all[0]?.answer ?? [])].filter((line) => all.every((one) => one.answer.has(line))));
  return all.flatMap(({ ahead, answer }) => [...answer].filter((line) => !common.has(line) && !ahead.has(line)));
}

for (const isKept of [false, true]) {
  t.test(`what an answer${isKept ? ' that is kept' : ''} reads of its own was looked at`, async (t) => {
    const { responder, read } = makeWorld();
    const client = Uint8Array.of(192, 0, 2, 1);
    const reply = new Uint8Array(512);
    const memory = new Uint8Array(512);
    if (isKept) dataViewOf(memory);
    for (const kind of ['s', 'h']) {
      const all = Array.from({ length: NAMES }, (_, i) => {
        const query = buildQuery({ id: i, name: `${kind}${i}.example.test`, type: 1 });
        memory.set(query);
        const prepare = (): void => {
          responder.client.set(client, 0, client.length);
          responder.read(0, memory, 0, query.length);
        };
        // An answer is kept when it is given for the second time.
        for (let before = 0; before < (isKept ? 2 : 0); before++) {
          prepare();
          responder.lookAhead(1);
          responder.reply(0, reply, 0, true);
        }
        const { given } = responder.kept;
        prepare();
        const ahead = read(() => responder.lookAhead(1));
        let bytes = 0;
        const answer = read(() => {
          bytes = responder.reply(0, reply, 0, true);
        });
        t.ok(bytes > query.length, `${kind}${i} is answered`);
        t.equal(responder.kept.given - given, isKept ? 1 : 0);
        return { ahead, answer };
      });
      for (const part of ['table', 'counters', 'kept'] as const) {
        const lines = all.map(({ ahead, answer }) => ({ ahead: ahead[part], answer: answer[part] }));
        t.same(missed(lines), [], `${part}, ${kind === 's' ? 'weighted' : 'static'}`);
        if (isKept && part === 'table') t.same([...new Set(lines.flatMap(({ answer }) => [...answer]))], []);
      }
    }
  });
}
