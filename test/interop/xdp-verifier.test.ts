/** What the kernel's verifier thinks of the programs of AF_XDP when it is asked to judge itself, for each set of rights. */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { surroundings } from '../fixtures/environment.ts';
import { asUnit } from '../fixtures/xdp-server.ts';

/**
 * Loads the programs so that what the verifier finds wrong with itself is a refusal (BPF_F_TEST_REG_INVARIANTS, Linux 6.8)
 * and not a warning in the kernel's log, which ends a machine that has `panic_on_warn`. Prints what is said of each.
 */
const script = `
const at = (file) => import(process.argv[1] + file);
const { loadLibc } = await at('src/sockets/libc.ts');
const { createDeviceMap, createSharedArray, createSocketMap, DEVICE_MAP_PROGRAM } = await at('src/sockets/xdp/bpf.ts');
const { assembleCounter, assembleProgram } = await at('src/sockets/xdp/program.ts');
const { BULK } = await at('src/sockets/xdp/rings.ts');
const libc = loadLibc();
const bpf = { x64: 321, arm64: 280, riscv64: 280, loong64: 280 }[process.arch];
const license = new TextEncoder().encode('Apache-2.0\\0');
const load = (program, purpose, flags) => {
  const [bytes, said] = [new Uint8Array(144), new Uint8Array(2 ** 20)];
  const view = new DataView(bytes.buffer);
  for (const [i, of] of [[8, program], [16, license], [32, said]]) view.setBigUint64(i, BigInt(libc.addressOf(of)), true);
  for (const [i, number] of [[0, 6], [4, program.length / 8], [24, 1], [28, said.length], [44, flags], [68, purpose]])
    view.setUint32(i, number, true);
  const fd = libc.syscall(bpf, 5, bytes, bytes.length);
  if (fd < 0) return new TextDecoder().decode(said.subarray(0, said.indexOf(0))).slice(-500) || 'errno ' + libc.errno();
  libc.close(fd);
  return '';
};
const pass = Uint8Array.of(0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
const results = { plain: load(pass, 0, 0), judged: load(pass, 0, 1 << 7), said: {} };
if (results.judged === '') {
  const map = createSocketMap(libc, 64);
  const all = [{ address: '10.77.0.1', port: 53 }, { address: 'fd77::1', port: 53 }];
  for (const queues of [1, 2, 3, 64]) {
    const bulk = { replies: createSharedArray(libc, queues * BULK.BYTES), device: createDeviceMap(libc, queues), queues };
    for (const endpoints of [all, []]) {
      const program = assembleProgram({ mac: new Uint8Array(6), endpoints, map, frameBytesMax: 1792, bulk });
      results.said[queues + ' queues, ' + endpoints.length + ' addresses'] = load(program, 0, 1 << 7);
    }
    results.said[queues + ' queues, counter'] = load(assembleCounter(bulk.replies, queues - 1), DEVICE_MAP_PROGRAM, 1 << 7);
  }
}
console.log(JSON.stringify(results));
`;

for (const [rights, words] of [
  ['root', []],
  ['the unit and its drop-in', asUnit()],
] as const) {
  t.test(`the verifier finds no fault of its own in what Teal loads, by the rights of ${rights}`, async (t) => {
    if (process.getuid?.() !== 0) return t.comment('LEFT OUT: rights take root');
    const root = new URL('../../', import.meta.url).href;
    const [command = '', ...rest] = [...words, process.execPath, '--input-type=module', '-e', script, root];
    const { stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', env: surroundings });
    const { plain, judged, said } = JSON.parse(stdout || JSON.stringify({ plain: stderr }));
    if (plain !== '' || judged !== '')
      return t.comment(`LEFT OUT: the kernel does not judge itself: ${plain}${judged}`);
    t.equal(Object.keys(said).length, 12);
    t.same(
      Object.entries(said).filter(([, refusal]) => refusal !== ''),
      [],
    );
  });
}
