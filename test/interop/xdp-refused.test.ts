/** Where AF_XDP cannot be had one line says why, and batches answer; a server that is killed leaves nothing behind. */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { XdpSight } from '../../src/sockets/xdp/look.ts';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { answerIn, buildFrame, readFrame } from '../fixtures/frames.ts';
import { startTeal } from '../fixtures/process.ts';
import { comesTo, soon } from '../fixtures/soon.ts';
import { endsWithUs } from '../fixtures/tidying.ts';
import { CLIENT, RawFrames, SERVER, type Wire } from '../fixtures/two-namespaces.ts';
import { asUnit, datagramsToSockets, hasProgram, overTheWire, startXdp, transportOf } from '../fixtures/xdp-server.ts';
import { isByXdp, isLeftAlone, look, onWire } from '../fixtures/xdp-tests.ts';

const app = 'app.example.test';
/** What docs/xdp.md lists as reasons, each with what to do: its parts around what is another one each time. */
const listed = fs
  .readFileSync(new URL('../../docs/xdp.md', import.meta.url), 'utf8')
  .split('| reason | what to do |')[1]
  ?.split('\n\n')[0]
  ?.split('\n')
  .flatMap((row) =>
    [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, reason = '']) => reason.split('…')),
  );

/** Queries at once: more than a worker answers in a turn, fewer than a queue holds. */
const BURST = 1000;

/** Starts a server that is to fall back, and gives the one line that says why. */
async function fallsBack(t: Test, wire: Wire, words: readonly string[], env: Record<string, string>): Promise<string> {
  const teal = await startTeal(t.testdir(), { wrapper: [...wire.atServer, ...words], env: { ...overTheWire, ...env } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const { transport, warnings } = await transportOf(teal);
  t.equal(transport, 'batch');
  t.equal(warnings.length, 1, `one line: ${warnings}`);
  const isListed = listed?.some((parts) => parts.every((part) => warnings[0]?.includes(part.trim())));
  t.ok(isListed, `docs/xdp.md says what to do: ${warnings}`);
  const [address = '', port = ''] = (
    overTheWire.TEAL_DNS_LISTEN === env.TEAL_DNS_LISTEN ? '' : (env.TEAL_DNS_LISTEN ?? '')
  ).split(':');
  const [host, at] = address === '127.0.0.1' || address === '' ? [SERVER.v4, 53] : [address, Number(port)];
  if (address !== '127.0.0.1')
    t.equal((await askUdp(host, at, buildQuery({ name: app }))).answers.length, 1, 'and it answers');
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
  return warnings[0] ?? '';
}

/** The reason of the log has what the doctor says of all, or of one interface. */
function agrees(t: Test, reason: string, { why, interfaces }: XdpSight, name?: string): void {
  const support = interfaces.find((each) => each.name === name)?.support;
  const words = name === undefined ? why : typeof support === 'object' ? support.why : support;
  t.ok(words !== undefined && reason.includes(words), `the doctor says the same: ${words}; ${reason}`);
}

/** Without these rights: root in all else. */
const without = (...rights: string[]): string[] => {
  const list = rights.map((right) => `-${right}`).join(',');
  return ['setpriv', `--bounding-set=${list}`, `--inh-caps=${list}`];
};

onWire('rights, locked memory, interfaces that cannot', {}, async (t, wire) => {
  for (const rights of [['net_raw'], ['bpf', 'sys_admin'], ['net_admin', 'sys_admin']]) {
    const why = await fallsBack(t, wire, without(...rights), {});
    t.match(why, /an? .*: EPERM, CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF are needed/);
    agrees(t, why, look(wire, without(...rights)));
  }
  const little = [...without('ipc_lock'), 'prlimit', '--memlock=65536'];
  const tooMuch = await fallsBack(t, wire, little, {});
  t.match(tooMuch, /4 MiB for frames: ENOBUFS, more memory than may be locked/);
  agrees(t, tooMuch, look(wire, little));
  const some = look(wire, [...without('ipc_lock'), 'prlimit', '--memlock=2097152']);
  t.equal(some.why, undefined, 'a smaller setting serves');
  t.match(some.little, /4 MiB for frames: ENOBUFS/);
  t.match(
    await fallsBack(t, wire, [], { TEAL_DNS_LISTEN: '127.0.0.1:0' }),
    /no address that is listened on is one of a network interface/,
  );
  t.match(await fallsBack(t, wire, [], { TEAL_DNS_XDP_INTERFACES: 'absent0' }), /absent0: interface absent0: ENODEV/);
  wire.ip('link', 'add', 'link', wire.server, 'plain0', 'type', 'macvlan');
  wire.ip('link', 'set', 'plain0', 'up');
  const plain = await fallsBack(t, wire, [], { TEAL_DNS_XDP_INTERFACES: 'plain0' });
  t.match(plain, /plain0: .*its driver runs no XDP programs by itself/);
  agrees(t, plain, look(wire), 'plain0');
  t.equal(look(wire).interfaces.find(({ name }) => name === wire.server)?.support, 'with copies');
  const [one, two] = ['1', '2'].map((count) => ['numrxqueues', count, 'numtxqueues', count]);
  wire.ip('link', 'add', 'few0', ...one, 'type', 'veth', 'peer', 'name', 'many0', ...two);
  t.match(await fallsBack(t, wire, [], { TEAL_DNS_XDP_INTERFACES: 'few0' }), /few0: .*ENOSPC, its other end \(veth\)/);
  wire.ip('tuntap', 'add', 'tun0', 'mode', 'tun');
  t.match(await fallsBack(t, wire, [], { TEAL_DNS_XDP_INTERFACES: 'tun0' }), /tun0: it carries no Ethernet frames/);
  wire.ip('link', 'add', 'narrow0', 'mtu', '575', 'type', 'veth', 'peer', 'name', 'narrow1');
  t.match(await fallsBack(t, wire, [], { TEAL_DNS_XDP_INTERFACES: 'narrow0' }), /narrow0: its MTU of 575 is below 576/);
  wire.ip('link', 'add', 'jumbo0', 'mtu', '9000', 'type', 'veth', 'peer', 'name', 'jumbo1', 'mtu', '9000');
  t.match(
    await fallsBack(t, wire, [], { TEAL_DNS_XDP_INTERFACES: 'jumbo0' }),
    /jumbo0: .*ERANGE, the MTU is too large/,
  );
  t.ok(await isLeftAlone(wire));
});

/** Words for Node by which the system does not tell its addresses, as under a filter without AF_NETLINK. */
const untold = (): string => {
  const refusal = "Object.assign(new Error('A system error occurred'), { info: { errno: 97 } })";
  const program = `import os from 'node:os'; os.networkInterfaces = () => { throw ${refusal}; };`;
  return `--import=data:text/javascript;base64,${Buffer.from(program).toString('base64')}`;
};

onWire('addresses that the system does not tell: batches serve', {}, async (t, wire) => {
  const NODE_OPTIONS = untold();
  const why = await fallsBack(t, wire, [], { NODE_OPTIONS });
  t.match(why, /^the addresses of this machine: EAFNOSUPPORT, .*AF_NETLINK/);
  agrees(t, why, look(wire, ['env', `NODE_OPTIONS=${NODE_OPTIONS}`]));
});

onWire(
  'the rights of the systemd unit and its drop-in are enough, for as many addresses as a program takes',
  {},
  async (t, wire) => {
    for (let i = 0; i < 130; i++) wire.ip('addr', 'add', `10.78.0.${i}/32`, 'dev', wire.server);
    const wrapper = [...wire.atServer, ...asUnit()];
    const env = { ...overTheWire, TEAL_DNS_LISTEN: '0.0.0.0:53', TEAL_DNS_RECEIVE_BUFFER_BYTES: '1048576' };
    const teal = await startTeal(t.testdir(), { wrapper, env });
    t.teardown(() => teal.child.kill('SIGKILL'));
    t.same(await transportOf(teal), { transport: 'xdp', warnings: [] });
    const leftOut = () => teal.log.filter(({ msg }) => /so many addresses less/.test(String(msg)));
    t.match(await comesTo(leftOut, ({ length }) => length > 0), [{ leftOut: 3 }]);
    const before = datagramsToSockets(wire);
    t.equal((await askUdp(SERVER.v4, 53, buildQuery({ name: app }))).answers.length, 1);
    t.equal(datagramsToSockets(wire), before);
    t.equal(look(wire, asUnit()).interfaces.find(({ name }) => name === wire.server)?.support, 'unknown');
    t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
    t.ok(await isLeftAlone(wire));
    t.equal(look(wire, asUnit()).interfaces.find(({ name }) => name === wire.server)?.support, 'with copies');
  },
);

onWire('an interface that somebody else has: EBUSY', {}, async (t, wire) => {
  // Not in the test's folder itself: `testdir` empties that for the server that comes next.
  const folder = fs.mkdtempSync(join(os.tmpdir(), 'teal-first-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true, force: true }));
  const first = await startXdp(wire, folder);
  t.teardown(() => first.child.kill('SIGKILL'));
  if (!(await isByXdp(t, first))) return;
  const why = await fallsBack(t, wire, [], { TEAL_DNS_LISTEN: `${SERVER.v4}:5353` });
  t.match(why, /EBUSY, somebody else has/);
  t.ok(hasProgram(wire), 'the other one is not disturbed');
  t.equal((await askUdp(SERVER.v4, 53, buildQuery({ name: app }))).answers.length, 1);
  t.same(await first.end('SIGTERM'), { code: 0, signal: null });
});

onWire('a program that another server left behind: the line says how it is taken away', {}, async (t, wire) => {
  const folder = fs.mkdtempSync(join(os.tmpdir(), 'teal-knot-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, 'knot.conf');
  fs.writeFileSync(
    config,
    `server:\n  rundir: ${folder}\n  listen: 127.0.0.1@5300\ndatabase:\n  storage: ${folder}\nxdp:\n  listen: ${wire.server}@5300\n`,
  );
  const [command = '', ...words] = [...wire.atServer, 'knotd', '-c', config];
  const knot = endsWithUs(spawn(command, words, { stdio: 'ignore' }));
  const ended = new Promise((resolve) => knot.once('exit', resolve));
  t.teardown(() => knot.kill('SIGKILL'));
  const isThere = await comesTo(() => hasProgram(wire) || knot.exitCode !== null, Boolean);
  if (!isThere || knot.exitCode !== null) return t.comment('LEFT OUT: Knot DNS attaches nothing here');
  t.match(await fallsBack(t, wire, [], {}), /EBUSY, somebody else has an AF_XDP socket there/);
  knot.kill('SIGKILL');
  await ended;
  t.ok(hasProgram(wire), 'it outlives its server');
  // The kernel lets go of its sockets in a thread of its own, some milliseconds later.
  const why = await comesTo(
    () => fallsBack(t, wire, [], {}),
    (said) => !/somebody else has an AF_XDP socket/.test(said),
  );
  const [, seen = '', away = ''] = /see ip (.+); ip (.+) takes it away$/.exec(why) ?? [];
  t.match(wire.ip(...seen.split(' ')), /prog\/xdp id \d+/, why);
  agrees(t, why, look(wire), wire.server);
  wire.ip(...away.split(' '));
  const teal = await startXdp(wire, t.testdir());
  t.teardown(() => teal.child.kill('SIGKILL'));
  t.equal((await transportOf(teal)).transport, 'xdp');
  t.equal(look(wire).interfaces.find(({ name }) => name === wire.server)?.support, 'served', 'Teal knows its own');
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
});

onWire('kill -9: no program is left, and the next plain query is answered by a new start', {}, async (t, wire) => {
  const folder = t.testdir();
  for (let i = 0; i < 3; i++) {
    const teal = await startXdp(wire, folder);
    t.teardown(() => teal.child.kill('SIGKILL'));
    if (!(await isByXdp(t, teal))) return;
    const before = datagramsToSockets(wire);
    t.equal((await askUdp(SERVER.v4, 53, buildQuery({ name: app }))).answers.length, 1);
    t.equal(datagramsToSockets(wire), before);
    t.same(await teal.end('SIGKILL'), { code: null, signal: 'SIGKILL' });
    t.ok(await isLeftAlone(wire));
  }
});

onWire('a server that is told to stop answers what it has received', {}, async (t, wire) => {
  const teal = await startXdp(wire, t.testdir());
  t.teardown(() => teal.child.kill('SIGKILL'));
  if (!(await isByXdp(t, teal))) return;
  t.equal((await askUdp(SERVER.v4, 53, buildQuery({ name: app }))).answers.length, 1);
  const raw = new RawFrames(wire.client);
  t.teardown(() => raw.close());
  for (let id = 0; id < BURST; id++) {
    const frame = buildFrame({
      ...{ to: wire.macs.server, from: wire.macs.client, source: CLIENT.v4, destination: SERVER.v4 },
      ...{ sourcePort: 2000 + id, destinationPort: 53, message: buildQuery({ name: app, id }) },
    });
    if (!raw.send(frame)) t.fail('a frame was not sent');
  }
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
  const answered = new Set<number>();
  await soon(t).equal(() => {
    for (const frame of raw.receive())
      if (answerIn(frame, wire.macs.server) !== undefined) answered.add(readFrame(frame).destinationPort);
    return answered.size;
  }, BURST);
  t.ok(await isLeftAlone(wire));
});

t.test('setpriv and prlimit are here, without which the above would show nothing', async (t) => {
  for (const command of ['setpriv', 'prlimit']) t.equal(spawnSync(command, ['--version']).status, 0, command);
});
