/** One zone's RRsets: compiled into the arena as they are answered, and given up whole. */
import t from 'tap';
import { nameToWire } from '../../src/model/name.ts';
import { RRSET, SIGNATURE_BYTES_MASK, SIGNATURE_COUNT_SHIFT } from '../../src/table/layout.ts';
import { Arena, ArenaFull, createSharedTable } from '../../src/table/memory.ts';
import { RRsetCompiler } from '../../src/table/rrset-compiler.ts';
import type { RRsetSigner } from '../../src/table/rrset-signer.ts';
import { TYPE } from '../../src/wire/constants.ts';

/** Blocks of an arena without readers, and those that were given up. */
function compilerOver(arena: Arena, signer?: RRsetSigner) {
  const retired: [number, number][] = [];
  const blocks = {
    view: arena.view,
    allocate(words: number): number {
      const offset = arena.allocate(words);
      if (offset === 0) throw new ArenaFull();
      return offset;
    },
    retire: (offset: number, words: number) => void retired.push([offset, words]),
  };
  return { retired, compiler: new RRsetCompiler(blocks, nameToWire('example.test'), signer) };
}

t.test('an RRset lies as it is answered: the owner a pointer, names cut at what they share with it', async (t) => {
  const arena = new Arena(createSharedTable(2 ** 16, 2 ** 20));
  const { compiler } = compilerOver(arena);
  const mail = Uint8Array.of(0, 10, ...nameToWire('mail.example.test'));
  const rrset = compiler.compile(nameToWire('www.example.test'), TYPE.MX, 300, [mail]);
  const { words, bytes } = arena.view;
  t.equal(words[rrset + RRSET.COUNT], 1);
  t.equal(words[rrset + RRSET.FIXUPS], 1);
  const first = (rrset + RRSET.DATA + 1) * 4;
  const record = [0xc0, 12, 0, TYPE.MX, 0, 1, 0, 0, 1, 44, 0, 9, 0, 10, 4, ...Buffer.from('mail'), 0xc0, 12 + 4];
  t.same([...bytes.subarray(first, first + record.length)], record);
  t.equal(words[rrset + RRSET.LENGTH], record.length);
});

t.test('what is given up is the whole block, once', async (t) => {
  const arena = new Arena(createSharedTable(2 ** 16, 2 ** 20));
  const { compiler, retired } = compilerOver(arena);
  const owner = nameToWire('www.example.test');
  const rrset = compiler.compile(owner, TYPE.A, [60, 30], [Uint8Array.of(192, 0, 2, 1), Uint8Array.of(192, 0, 2, 2)]);
  compiler.retire(rrset);
  t.same(retired, [[rrset, arena.view.words[rrset + RRSET.WORDS]]]);
  t.ok((arena.view.words[rrset + RRSET.WORDS] as number) >= RRSET.DATA + 8);
});

t.test('it knows the apex of its zone', async (t) => {
  const { compiler } = compilerOver(new Arena(createSharedTable(2 ** 16, 2 ** 20)));
  t.ok(compiler.isApex(nameToWire('example.test')));
  t.notOk(compiler.isApex(nameToWire('www.example.test')));
});

t.test('signatures stand behind the records, each with the owner and the TTL, and before the target', async (t) => {
  const arena = new Arena(createSharedTable(2 ** 16, 2 ** 20));
  const asked: unknown[] = [];
  const signer = {
    sign(...request: Parameters<RRsetSigner['sign']>): Uint8Array[] {
      asked.push(request);
      return [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)];
    },
  };
  const { compiler } = compilerOver(arena, signer);
  const owner = nameToWire('www.example.test');
  const target = nameToWire('WWW.elsewhere.test');
  const rrset = compiler.compileSigned(owner, TYPE.CNAME, 300, [target]);
  t.same(asked, [[owner, TYPE.CNAME, 300, [target]]]);
  const { words, bytes } = arena.view;
  const fixups = words[rrset + RRSET.FIXUPS] as number;
  const records = words[rrset + RRSET.LENGTH] as number;
  const signatures = words[rrset + RRSET.SIGNATURES] as number;
  t.equal(words[rrset + RRSET.COUNT], 1, 'they are no records of the RRset');
  t.equal(signatures >>> SIGNATURE_COUNT_SHIFT, 2);
  const first = (rrset + RRSET.DATA + fixups) * 4 + records;
  const head = [0xc0, 12, 0, TYPE.RRSIG, 0, 1, 0, 0, 1, 44, 0];
  const both = [...head, 3, 1, 2, 3, ...head, 2, 4, 5];
  t.equal(signatures & SIGNATURE_BYTES_MASK, both.length);
  t.same([...bytes.subarray(first, first + both.length)], both);
  t.equal(words[rrset + RRSET.TARGET], records + both.length);
  const lower = nameToWire('www.elsewhere.test');
  t.same([...bytes.subarray(first + both.length, first + both.length + lower.length)], [...lower]);
  const unsigned = compiler.compile(owner, TYPE.A, 300, [Uint8Array.of(192, 0, 2, 1)]);
  t.equal(words[unsigned + RRSET.SIGNATURES], 0, 'what the zone does not vouch for is not signed');
});

t.test('the target of an alias is whole and in lower case, once where the record has it so', async (t) => {
  const arena = new Arena(createSharedTable(2 ** 16, 2 ** 20));
  const { compiler } = compilerOver(arena);
  const owner = nameToWire('www.example.test');
  for (const [type, target, isThere] of [
    [TYPE.CNAME, 'a.elsewhere', true],
    [TYPE.CNAME, 'A.Elsewhere', false],
    [TYPE.CNAME, 'a.example.test', false],
    [TYPE.DNAME, 'a.elsewhere', true],
    [TYPE.DNAME, 'A.Elsewhere', false],
    [TYPE.DNAME, 'a.example.test', true],
  ] as const) {
    const wire = nameToWire(target.toLowerCase());
    const rdata = wire.map((byte, i) => (/[A-Z]/.test(`.${target}`[i] ?? '') ? byte - 32 : byte));
    const rrset = compiler.compile(owner, type, 300, [rdata]);
    const { words, bytes } = arena.view;
    const first = (rrset + RRSET.DATA + words[rrset + RRSET.FIXUPS]) * 4;
    const at = first + words[rrset + RRSET.TARGET];
    t.same([...bytes.subarray(at, at + wire.length)], [...wire]);
    t.equal(at < first + words[rrset + RRSET.LENGTH], isThere, target);
  }
});
