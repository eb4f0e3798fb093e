/** Replies by AF_XDP that an interface is handed in bulk, where the other end of the wire is ready for them, and where it is not. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import type { Test } from 'tap';
import { type Libc, loadLibc } from '../../src/sockets/libc.ts';
import { Assembler } from '../../src/sockets/xdp/assembler.ts';
import { attachProgram, loadProgram } from '../../src/sockets/xdp/bpf.ts';
import { readInterface } from '../../src/sockets/xdp/interface.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import { decode } from '../fixtures/dns-decode.ts';
import { buildFrame, carriesUdp, readFrame } from '../fixtures/frames.ts';
import type { TealProcess } from '../fixtures/process.ts';
import { comesTo, soon } from '../fixtures/soon.ts';
import { CLIENT, RawFrames, SERVER, type Wire } from '../fixtures/two-namespaces.ts';
import { asUnit } from '../fixtures/xdp-server.ts';
import { byXdp } from '../fixtures/xdp-tests.ts';

const app = 'app.example.test';
/** Of one process, so that all of it can be held. */
const env = { TEAL_DNS_PLANES: 'one' };
const options = { env, words: asUnit() };
/** As many as a batch has at most; the rest is a batch that is too small. */
const QUERIES = 150;
/** Frames that the kernel hands an interface at once (DEV_MAP_BULK_SIZE): behind one that a veth drops the rest is dropped. */
const AT_ONCE = 16;
const XDP_PASS = 2;

/** Makes the client's end ready for frames in bulk, by a program that lets everything pass; how that ends again. */
function makeReady({ client }: Wire): () => void {
  const libc = loadLibc() as Libc;
  const program = loadProgram(libc, new Assembler().set(0, XDP_PASS).exit().assemble());
  const link = attachProgram(libc, program, readInterface(libc, client));
  libc.close(program);
  return () => void libc.close(link);
}

async function countOf(teal: TealProcess, name: string): Promise<number> {
  const headers = { authorization: `Bearer ${teal.token}` };
  const text = await (await fetch(`${teal.admin}/metrics`, { headers })).text();
  const series = new RegExp(`^teal_socket_${name}_total\\{address="\\S+ queue 0",worker="0"\\} (\\d+)$`, 'm');
  return Number(series.exec(text)?.[1]);
}

/** Whether all threads of the process stand still. */
function isHeld(pid: number): boolean {
  return fs.readdirSync(`/proc/${pid}/task`).every((thread) => {
    const [, state] = /\) (\S)/.exec(fs.readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')) ?? [];
    return state === 'T';
  });
}

/**
 * Lets queries gather while the server is held, and resolves to how many replies came to each. `meanwhile`: what happens
 * before it goes on. `expected`: how many are waited for.
 */
async function askTogether(
  t: Test,
  wire: Wire,
  teal: TealProcess,
  raw: RawFrames,
  meanwhile = (): void => {},
  messageOf = (id: number): Buffer => buildQuery({ name: app, id }),
  expected = QUERIES,
): Promise<Map<number, number>> {
  const server = Uint8Array.from(wire.macs.server);
  const replies = new Map<number, number>();
  const read = (): void => {
    for (const frame of raw.receive()) {
      if (!frame.subarray(6, 12).equals(server) || !carriesUdp(frame)) continue;
      const { sourcePort, destinationPort, message } = readFrame(frame);
      if (sourcePort !== 53) continue;
      const { id } = decode(message);
      if (destinationPort !== 2000 + id) t.fail(`the reply to ${id} went to port ${destinationPort}`);
      replies.set(id, (replies.get(id) ?? 0) + 1);
    }
  };
  read();
  replies.clear();
  process.kill(teal.pid, 'SIGSTOP');
  try {
    await soon(t).ok(() => isHeld(teal.pid), 'the server is held');
    for (let id = 0; id < QUERIES; id++) {
      const isV6 = id % 3 === 0;
      const ends = isV6 ? { source: CLIENT.v6, destination: SERVER.v6 } : { source: CLIENT.v4, destination: SERVER.v4 };
      raw.send(
        buildFrame({
          ...{ ...ends, to: wire.macs.server, from: wire.macs.client },
          ...{ sourcePort: 2000 + id, destinationPort: 53, message: messageOf(id) },
        }),
      );
    }
    meanwhile();
  } finally {
    process.kill(teal.pid, 'SIGCONT');
  }
  await comesTo(() => {
    read();
    return replies.size >= expected;
  }, Boolean);
  return replies;
}

byXdp('the other end becomes ready, and is no more: every query has its reply', options, async (t, wire, teal) => {
  const raw = new RawFrames(wire.client);
  t.teardown(() => raw.close());
  const all = async (meanwhile?: () => void): Promise<Set<number>> => {
    const replies = await askTogether(t, wire, teal, raw, meanwhile);
    t.equal(replies.size, QUERIES);
    return new Set(replies.values());
  };
  t.same(await all(), new Set([1]), 'it is not ready');
  t.equal(await countOf(teal, 'in_bulk'), 0);
  for (const round of [1, 2]) {
    const end = makeReady(wire);
    const before = await countOf(teal, 'in_bulk');
    // The server looks once a second.
    await soon(t).ok(async () => {
      t.same(await all(), new Set([1]), 'one reply each');
      return (await countOf(teal, 'in_bulk')) > before;
    }, 'replies leave in bulk');
    const inBulk = await countOf(teal, 'in_bulk');
    await all(end);
    t.equal(await countOf(teal, 'in_bulk'), inBulk, `round ${round}: none leaves in bulk once it is no more`);
  }
  t.equal(await countOf(teal, 'unsent'), 0);
});

byXdp('long replies, and those that the other end does not take', { env }, async (t, wire, teal) => {
  const raw = new RawFrames(wire.client);
  t.teardown(() => raw.close());
  for (const [name, strings] of [
    ['middle', 1],
    ['long', 3],
  ] as const) {
    const rdata = [Array.from({ length: strings }, () => `"${'x'.repeat(250)}"`).join(' ')];
    const url = `/v1/zones/example.test/rrsets/${name}.example.test/TXT`;
    const made = await teal.call('PUT', url, { ttlSeconds: 60, rdata });
    t.ok(made.status < 300, JSON.stringify(made.body));
  }
  const txt = (name: string, id: number): Buffer =>
    buildQuery({ name: `${name}.example.test`, type: 'TXT', id, edns: { udpBytes: 1232 } });
  t.teardown(makeReady(wire));
  await soon(t).ok(async () => {
    await askTogether(t, wire, teal, raw);
    return (await countOf(teal, 'in_bulk')) > 0;
  }, 'replies leave in bulk');
  const inBulk = await countOf(teal, 'in_bulk');
  const mixed = (id: number): Buffer => (id % 2 === 0 ? buildQuery({ name: app, id }) : txt('long', id));
  const whole = await askTogether(t, wire, teal, raw, undefined, mixed);
  t.equal(whole.size, QUERIES);
  t.same(new Set(whole.values()), new Set([1]));
  t.equal(await countOf(teal, 'in_bulk'), inBulk, 'a batch with a long one goes by the socket');
  t.equal(await countOf(teal, 'unsent'), 0);

  const setMtu = (mtu: string): void => {
    execFileSync('ip', ['-n', wire.namespaces.client, 'link', 'set', wire.client, 'mtu', mtu]);
  };
  setMtu('200');
  // The memory of frames that were dropped is that of later ones.
  const middleFirst = (id: number): Buffer => (id < AT_ONCE ? txt('middle', id) : buildQuery({ name: app, id }));
  const replies = await askTogether(t, wire, teal, raw, undefined, middleFirst, QUERIES - AT_ONCE);
  setMtu('1500');
  t.same([...replies.keys()].sort((a, b) => a - b)[0], AT_ONCE, 'what was dropped has no part in what follows');
  t.equal(replies.size, QUERIES - AT_ONCE);
  t.same(new Set(replies.values()), new Set([1]), 'one reply each');
  t.ok((await countOf(teal, 'in_bulk')) > inBulk);
  t.equal(await countOf(teal, 'unsent'), AT_ONCE);
});
