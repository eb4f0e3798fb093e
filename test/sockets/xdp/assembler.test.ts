/** Instructions by the bytes that LLVM's assembler makes of them. */
import t from 'tap';
import { Assembler } from '../../../src/sockets/xdp/assembler.ts';

const hex = (bytes: Uint8Array): string[] =>
  Array.from({ length: bytes.length / 8 }, (_, i) => Buffer.from(bytes.subarray(8 * i, 8 * i + 8)).toString('hex'));

/** By `llvm-mc --triple=bpfel --mattr=+alu32 --show-encoding`. */
const known: readonly [string, (program: Assembler) => void, ...string[]][] = [
  ['r2 = *(u32 *)(r1 + 0)', (program) => program.load(32, 2, 1, 0), '6112000000000000'],
  ['r4 = *(u16 *)(r2 + 12)', (program) => program.load(16, 4, 2, 12), '69240c0000000000'],
  ['r4 = *(u8 *)(r2 + 9)', (program) => program.load(8, 4, 2, 9), '7124090000000000'],
  ['r7 = *(u64 *)(r2 + 24)', (program) => program.load(64, 7, 2, 24), '7927180000000000'],
  [
    'r4 = 0x1122334455667788 ll',
    (program) => program.load64(4, 0x55667788, 0x11223344),
    '1804000088776655',
    '0000000044332211',
  ],
  ['r1 = map by descriptor 5', (program) => program.loadMap(1, 5), '1811000005000000', '0000000000000000'],
  ['r6 = r1', (program) => program.move(6, 1), 'bf16000000000000'],
  ['r0 = 2', (program) => program.set(0, 2), 'b700000002000000'],
  ['r4 += 54', (program) => program.add(4, 54), '0704000036000000'],
  ['r4 &= 16191', (program) => program.and(4, 16_191), '570400003f3f0000'],
  ['r4 >>= 4', (program) => program.shiftRight(4, 4), '7704000004000000'],
  ['call 51', (program) => program.call(51), '8500000033000000'],
  ['exit', (program) => program.exit(), '9500000000000000'],
];

t.test('each instruction', async (t) => {
  for (const [text, write, ...bytes] of known) {
    const program = new Assembler();
    write(program);
    t.same(hex(program.assemble()), bytes, text);
  }
});

/** The same with so many instructions between the jump and its label. */
const knownJumps: readonly [string, number, (program: Assembler) => void, string][] = [
  ['goto +3', 3, (program) => program.go('there'), '0500030000000000'],
  ['if r4 > r3 goto +5', 5, (program) => program.goIfAbove(4, 3, 'there'), '2d34050000000000'],
  ['if r8 != r4 goto +4', 4, (program) => program.goUnlessEqual(8, 4, 'there'), '5d48040000000000'],
  ['if w5 == 8 goto +2', 2, (program) => program.goIfEqual32(5, 8, 'there'), '1605020008000000'],
  ['if w4 != -1 goto +2', 2, (program) => program.goUnlessEqual32(4, 0xffffffff, 'there'), '56040200ffffffff'],
];

t.test('each jump, to where its label is', async (t) => {
  for (const [text, between, write, bytes] of knownJumps) {
    const program = new Assembler();
    write(program);
    for (let i = 0; i < between; i++) program.exit();
    program.label('there').exit();
    t.equal(hex(program.assemble())[0], bytes, text);
  }
});

t.test('a jump to nowhere, or backwards, and a name of two places are faults of ours', async (t) => {
  t.throws(() => new Assembler().go('nowhere').assemble(), /no place is called nowhere/);
  t.throws(() => new Assembler().label('back').go('back').assemble(), /leads forward/);
  t.throws(() => new Assembler().label('here').label('here'), /two places/);
});
