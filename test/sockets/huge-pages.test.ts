/** The kernel is asked for huge pages in the whole of a memory, and nowhere else. */
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { useHugePages } from '../../src/sockets/huge-pages.ts';
import { loadLibc } from '../../src/sockets/libc.ts';

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

t.test('a memory without room for one is left alone', (t) => {
  const memory = new SharedArrayBuffer(4096, { maxByteLength: MIB });
  useHugePages(memory);
  new Uint8Array(memory)[4095] = 1;
  t.equal(new Uint8Array(memory)[4095], 1);
  t.end();
});
