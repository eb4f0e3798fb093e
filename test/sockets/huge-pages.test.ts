/** The kernel is asked for huge pages in the whole of a memory, and nowhere else. */
import { closeSync, existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { hugePagesOf, useHugePages } from '../../src/sockets/huge-pages.ts';
import { loadLibc } from '../../src/sockets/libc.ts';
import { openPages, sharedPages } from '../../src/sockets/shared-pages.ts';
import { formatTableMemory } from '../../src/table/shared-memory.ts';

const MIB = 2 ** 20;
const libc = loadLibc();
const here = libc !== undefined && existsSync('/sys/kernel/mm/transparent_hugepage/enabled');

/** Whether the mapping that holds an address is marked `hg` (proc_pid_smaps(5)). */
function isMarked(address: number): boolean {
  for (const mapping of readFileSync('/proc/self/smaps', 'latin1').split(/(?=^[0-9a-f]+-[0-9a-f]+ )/m)) {
    const [from, to] = (/^([0-9a-f]+)-([0-9a-f]+)/.exec(mapping) ?? [])
      .slice(1)
      .map((text) => Number.parseInt(text, 16));
    if (from === undefined || to === undefined || address < from || address >= to) continue;
    return /^VmFlags:.* hg( |$)/m.test(mapping);
  }
  throw new Error('no mapping holds the address');
}

t.test('a growable memory is marked, also where it has not grown yet', { skip: !here && 'no huge pages' }, (t) => {
  const memory = new SharedArrayBuffer(4096, { maxByteLength: 64 * MIB });
  const start = libc?.addressOf(new Uint8Array(memory)) as number;
  t.notOk(isMarked(start + 32 * MIB));
  useHugePages(memory);
  t.ok(isMarked(start + 32 * MIB));
  memory.grow(48 * MIB);
  t.ok(isMarked(start + 32 * MIB));
  t.end();
});

t.test('the first of them is told, and what begins there is marked', { skip: !here && 'no huge pages' }, (t) => {
  const memory = new SharedArrayBuffer(4 * MIB);
  const start = useHugePages(memory);
  const address = (libc?.addressOf(new Uint8Array(memory)) as number) + start;
  t.equal(address % (2 * MIB), 0);
  t.ok(isMarked(address));
  t.ok(start + 2 * MIB <= memory.byteLength, 'a whole page lies in the memory');
  t.end();
});

t.test('a memory without room for one is left alone', (t) => {
  const memory = new SharedArrayBuffer(4096, { maxByteLength: MIB });
  t.equal(useHugePages(memory), 0);
  new Uint8Array(memory)[4095] = 1;
  t.equal(new Uint8Array(memory)[4095], 1);
  t.end();
});

t.test('shared memory that is in use gets huge pages one by one, and keeps what it holds', (t) => {
  const pages = sharedPages();
  if (pages === undefined || libc === undefined) {
    t.comment('memory cannot be shared here');
    return t.end();
  }
  const fd = openPages(libc) as number;
  const memory = formatTableMemory(fd, { readers: 1, maxBytes: 16 * MIB }, pages);
  if (typeof memory === 'string') throw new Error(memory);
  const { shared } = memory;
  const words = new Int32Array(shared.arena, shared.start, (8 * MIB) / 4);
  for (let i = 0; i < words.length; i++) words[i] = i;
  const huge = hugePagesOf(shared);
  const mappedMib = (usedMib: number): number => {
    for (let i = 0; i < 10; i++) huge?.make(usedMib * MIB, 2);
    t.ok(words.every((word, i) => word === i));
    const line = /^ShmemPmdMapped:\s+(\d+) kB$/gm;
    return Math.max(...[...readFileSync('/proc/self/smaps', 'utf8').matchAll(line)].map(([, kB]) => Number(kB) / 1024));
  };
  t.ok(mappedMib(6.25) <= 6, 'of a little more than 6 MiB three pages at the most');
  t.ok(mappedMib(6.5) <= 8, 'and four once a quarter of the last is in use');
  const before = mappedMib(8);
  for (let i = 0; i < 10; i++) huge?.make((16 + 3 * i) * MIB, 2);
  t.equal(mappedMib(8), before, 'none while it is being filled');
  t.ok(mappedMib(100) <= 16, 'never what lies behind the table');
  closeSync(fd);
  t.end();
});
