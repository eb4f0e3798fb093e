/** Memory of a table that processes share: the same bytes for all, taken as it is used, and refused where it is another's. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import t from 'tap';
import { type Libc, loadLibc } from '../../src/sockets/libc.ts';
import { openPages, sharedPages } from '../../src/sockets/shared-pages.ts';
import { COUNTER, CounterRegistry, CounterView } from '../../src/table/counters.ts';
import { ARENA_MAX_BYTES } from '../../src/table/memory.ts';
import { formatTableMemory, mapTableMemory, type TableMemory } from '../../src/table/shared-memory.ts';
import { buildQuery, decode } from '../fixtures/dns-client.ts';
import { surroundings } from '../fixtures/environment.ts';
import { apply, askBytes, makeTable, rrset, service, zone } from '../fixtures/table.ts';

const system = sharedPages();
const sizes = { readers: 2, maxBytes: 64 * 2 ** 20 };

if (system === undefined) {
  t.pass('memory cannot be shared here');
  process.exit();
}
const pages = system;

function open(): number {
  const fd = openPages(loadLibc() as Libc) as number;
  t.teardown(() => fs.closeSync(fd));
  return fd;
}

function must(memory: TableMemory | string): TableMemory & { readonly fd: number } {
  if (typeof memory === 'string') throw new Error(memory);
  return memory as TableMemory & { readonly fd: number };
}

function make(maxBytes = sizes.maxBytes): TableMemory & { readonly fd: number } {
  return must(formatTableMemory(open(), { ...sizes, maxBytes }, pages));
}

t.test('what one mapping holds, another one answers with, before and after a change', (t) => {
  const memory = make();
  const writer = makeTable({ place: memory });
  apply(writer.table, zone('test'), rrset('test', 'www.test', 'A', 60, '192.0.2.1'));
  apply(writer.table, service('test', 'app.test', { blue: [1, '192.0.2.7'], green: [0, '192.0.2.8'] }));
  // A second mapping is a memory at other addresses: only its bytes are the same.
  const reader = makeReader(must(mapTableMemory(memory.fd, pages)));
  t.match(reader('www.test'), ['192.0.2.1']);
  t.match(reader('app.test'), ['192.0.2.7']);
  apply(writer.table, service('test', 'app.test', { blue: [0, '192.0.2.7'], green: [1, '192.0.2.8'] }));
  t.match(reader('app.test'), ['192.0.2.8']);
  t.equal(writer.table.observed.poolCounts('app.test').blue.answers, 1, 'what it counted is seen by the writer');
  t.end();
});

/** Answers by another mapping of a table. */
function makeReader(memory: TableMemory): (name: string) => string[] {
  // Its table would begin anew: only the responder is wanted of a fixture over memory that is in use.
  const { makeResponder } = makeTable({ maxBytes: 2 ** 20 });
  const responder = makeResponder(0, memory);
  return (name) => {
    const reply = askBytes(responder, buildQuery({ name, type: 'A' }));
    return decode(reply as Buffer).answers.map(({ data }) => data);
  };
}

t.test('another process reads it by the descriptor that it was given', (t) => {
  const memory = make();
  const { table } = makeTable({ place: memory });
  apply(table, zone('test'), rrset('test', 'www.test', 'A', 60, '192.0.2.1'));
  const child = spawnSync(process.execPath, [new URL('../fixtures/table-reader.ts', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'pipe', memory.fd],
    encoding: 'utf8',
    env: surroundings,
  });
  t.equal(child.stdout.trim(), JSON.stringify(['192.0.2.1']), child.stderr);
  t.end();
});

t.test('addresses for the largest table take no memory', (t) => {
  const before = shmemBytes();
  const memory = make(ARENA_MAX_BYTES);
  const { table } = makeTable({ place: memory });
  apply(table, zone('test'));
  t.ok(shmemBytes() - before < 2 ** 22, `${shmemBytes() - before} bytes are resident`);
  t.equal(table.memory.maxBytes, ARENA_MAX_BYTES);
  t.ok(table.memory.sizeBytes < 2 ** 16, 'what is used counts');
  t.equal((memory.shared.start + pages.addressOf(memory.shared.arena)) % 2 ** 21, 0, 'at a huge page');
  t.end();
});

function shmemBytes(): number {
  const line = /RssShmem:\s+(\d+) kB/.exec(fs.readFileSync('/proc/self/status', 'utf8'));
  return Number(line?.[1]) * 1024;
}

t.test('a table in it is full at its limit, says so, and stays right', (t) => {
  const { table, responder } = makeTable({ place: make(64 * 1024) });
  apply(table, zone('test'), rrset('test', 'www.test', 'A', 60, '192.0.2.1'));
  let problem: unknown;
  for (let i = 0; problem === undefined && i < 10_000; i++) {
    problem = table.prepare([rrset('test', `n${i}.test`, 'TXT', 60, `"${'x'.repeat(200)}"`)]);
    if (problem === undefined) table.publish();
  }
  t.match(problem, { code: 'table_full' });
  const reply = askBytes(responder, buildQuery({ name: 'www.test', type: 'A' })) as Buffer;
  t.match(decode(reply).answers, [{ data: '192.0.2.1' }]);
  t.end();
});

t.test('counters have room for every pool, and cannot be mixed up', (t) => {
  const memory = make();
  const registry = new CounterRegistry(memory.counters, 1, 1, memory.notes);
  const lines = Array.from({ length: 5000 }, (_, i) => registry.allocate(i));
  const [one, two] = memory.counters.map((each) => new CounterView(each));
  one.values[lines[4999]] = 3;
  two.values[lines[4999]] = 4;
  t.match(registry.pool(lines[4999]), { answers: 7, heldUntilMs: 4999 });
  t.match(registry.pool(lines[4998]), { answers: 0 });
  one.values[COUNTER.ANSWERS] = 9;
  t.equal(registry.of(0, COUNTER.ANSWERS), 9);
  t.equal(registry.of(1, COUNTER.ANSWERS), 0);
  t.end();
});

t.test('it is for its owner alone, and cannot be made shorter under those who read it', (t) => {
  const { fd } = make();
  t.equal(fs.fstatSync(fd).mode & 0o777, 0o600);
  t.throws(() => fs.ftruncateSync(fd, 4096), { code: 'EPERM' });
  t.throws(() => fs.ftruncateSync(fd, fs.fstatSync(fd).size + 4096), { code: 'EPERM' });
  t.end();
});

t.test('a file that is empty, no table, of another layout or of a wrong length is refused, and says why', (t) => {
  const create = (bytes: number): number => {
    const fd = open();
    pages.setSize(fd, bytes);
    return fd;
  };
  const whole = make();
  const head = Buffer.alloc(4096);
  fs.readSync(whole.fd, head, 0, 4096, 0);
  const of = (bytes: number, edit: (head: Int32Array) => void = () => {}): number => {
    const fd = create(bytes);
    const copy = Int32Array.from(new Int32Array(head.buffer, head.byteOffset, 1024));
    edit(copy);
    fs.writeSync(fd, new Uint8Array(copy.buffer), 0, 4096, 0);
    return fd;
  };
  const size = fs.fstatSync(whole.fd).size;
  t.type(mapTableMemory(of(size), pages), 'object', 'a copy of the head will do');
  t.equal(mapTableMemory(open(), pages), 'empty');
  t.match(mapTableMemory(create(100), pages), /100 bytes/);
  t.match(mapTableMemory(create(2 ** 20), pages), /no table/);
  t.match(mapTableMemory(of(size - 4096), pages), /its head denies/);
  for (const [word, value, why] of [
    [1, 1, /layout/],
    [2, -1, /its head denies/],
    [3, 2 ** 30, /its head denies/],
  ] as const) {
    const fd = of(size, (words) => {
      words[word] = value;
    });
    t.match(mapTableMemory(fd, pages), why);
  }
  t.end();
});

t.test('where the system has no such memory, that is said', (t) => {
  t.equal(formatTableMemory(open(), sizes, { ...pages, setSize: () => 'EFBIG' }), 'EFBIG');
  t.equal(formatTableMemory(open(), sizes, { ...pages, map: () => 'mmap: EPERM' }), 'mmap: EPERM');
  t.equal(mapTableMemory(make().fd, { ...pages, map: () => 'mmap: EACCES' }), 'mmap: EACCES');
  t.end();
});
