/** Replies to one client travel in trains where they can; every client gets its own, whole and in order, in any case. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import fc from 'fast-check';
import t from 'tap';
import { BATCH } from '../../../src/sockets/batch/memory.ts';
import { type Answerer, BatchSocket } from '../../../src/sockets/batch/socket.ts';
import { LINUX, type Libc, loadLibc } from '../../../src/sockets/libc.ts';
import { openEndpoint } from '../../../src/sockets/open.ts';
import { runs } from '../../fixtures/runs.ts';
import { comesTo } from '../../fixtures/soon.ts';

const real = loadLibc();
const skip = real === undefined && 'no batch transport here';
const libc = real as Libc;

/** One query: who asks, which address of ours, and how long the reply shall be; 0: none. */
interface Ask {
  readonly client: number;
  readonly to: number;
  readonly length: number;
}

/** A server that answers a query of two numbers (its own, and a length) with so many bytes, each of that number. */
class Echo implements Answerer {
  readonly client = { set: () => {} };
  readonly #asked: (readonly [number: number, length: number])[] = [];

  read(i: number, request: Uint8Array, start: number): void {
    this.#asked[i] = [request[start], (request[start + 1] << 8) | request[start + 2]];
  }

  lookAhead(): void {}

  reply(i: number, bytes: Uint8Array, at: number): number {
    const [number, length] = this.#asked[i];
    bytes.fill(number, at, at + length);
    return length;
  }
}

const echo = new Echo();

interface Site {
  readonly listen: string;
  readonly family: 'udp4' | 'udp6';
  /** Addresses to ask. */
  readonly addresses: readonly string[];
}

const sites: readonly Site[] = [
  { listen: '127.0.0.1', family: 'udp4', addresses: ['127.0.0.1'] },
  { listen: '0.0.0.0', family: 'udp4', addresses: ['127.0.0.1', '127.0.0.2'] },
  { listen: '::', family: 'udp6', addresses: ['::1'] },
];

const CLIENTS = 3;

class Bench {
  readonly #site: Site;
  readonly #socket: BatchSocket;
  readonly #fds: number[];
  readonly #port: number;
  readonly #clients: dgram.Socket[] = [];
  readonly #got: string[][] = Array.from({ length: CLIENTS }, () => []);

  constructor(site: Site, calls: Libc, refused: () => void = () => {}) {
    const { endpoint, udp, tcp } = openEndpoint(libc, { address: site.listen, port: 0 }, 1, 2 ** 20);
    const fd = udp[0];
    this.#site = site;
    this.#fds = [fd, ...tcp];
    this.#port = endpoint.port;
    this.#socket = new BatchSocket(calls, fd, site.listen !== '127.0.0.1', refused);
  }

  async open(): Promise<void> {
    for (const got of this.#got) {
      // Room for all replies of a batch: they are read once it is over.
      const client = dgram.createSocket({ type: this.#site.family, recvBufferSize: 2 ** 20 });
      client.on('message', (message, { address }) => {
        const whole = message.every((byte) => byte === message[0]);
        got.push(`${message[0]} ${message.length} ${whole} from ${address}`);
      });
      client.bind(0);
      await once(client, 'listening');
      this.#clients.push(client);
    }
  }

  /** What each client got, and what it should have got. */
  async run(asks: readonly Ask[]): Promise<{ got: string[][]; expected: string[][] }> {
    for (const got of this.#got) got.length = 0;
    const expected: string[][] = this.#got.map(() => []);
    for (const [i, { client, to, length }] of asks.entries()) {
      const address = this.#site.addresses[to % this.#site.addresses.length];
      const query = Uint8Array.of(i, length >> 8, length & 0xff);
      await new Promise((resolve) => this.#clients[client].send(query, this.#port, address, resolve));
      if (length > 0) expected[client]?.push(`${i} ${length} true from ${address}`);
    }
    for (let left = asks.length; left > 0; ) {
      const count = this.#socket.receive(LINUX.MSG_DONTWAIT);
      this.#socket.answer(echo, count);
      left -= count;
    }
    const count = (lists: readonly string[][]) => lists.reduce((sum, list) => sum + list.length, 0);
    await comesTo(
      () => count(this.#got),
      (got) => got >= count(expected),
    );
    return { got: this.#got.map((list) => [...list]), expected };
  }

  close(): void {
    for (const client of this.#clients) client.close();
    for (const fd of this.#fds) libc.close(fd);
  }
}

async function withBench(
  site: Site,
  calls: Libc,
  work: (bench: Bench) => Promise<void>,
  refused?: () => void,
): Promise<void> {
  const bench = new Bench(site, calls, refused);
  await bench.open();
  try {
    await work(bench);
  } finally {
    bench.close();
  }
}

/** The C library, with the numbers of messages handed to each sendmmsg written down. */
function recording(messages: number[]): Libc {
  return {
    ...libc,
    sendmmsg: (fd, address, count, flags) => {
      messages.push(count);
      return libc.sendmmsg(fd, address, count, flags);
    },
  };
}

const ask = fc.record({
  client: fc.nat(CLIENTS - 1),
  to: fc.nat(1),
  // Few lengths, so that neighbours are often alike; some too long for a train, some queries without a reply.
  length: fc.constantFrom(0, 40, 40, 40, 41, 1232, 1233, 4000),
});

for (const site of sites) {
  t.test(`random batches at ${site.listen}`, { skip }, async (t) => {
    await withBench(site, libc, async (bench) => {
      await fc.assert(
        fc.asyncProperty(fc.array(ask, { minLength: 1, maxLength: BATCH }), async (asks) => {
          const { got, expected } = await bench.run(asks);
          t.same(got, expected);
        }),
        { numRuns: runs(60) },
      );
    });
  });
}

const alike = (count: number, more: Partial<Ask> = {}): Ask[] =>
  Array.from({ length: count }, () => ({ client: 0, to: 0, length: 60, ...more }));

t.test('neighbours to one client leave as one message, others apart', { skip }, async (t) => {
  const messages: number[] = [];
  const [loopback, wildcard] = sites as [Site, Site];
  const leave = (site: Site, asks: Ask[]) =>
    withBench(site, recording(messages), async (bench) => {
      messages.length = 0;
      const { got, expected } = await bench.run(asks);
      t.same(got, expected);
    });
  await leave(loopback, alike(BATCH));
  t.same(messages, [1]);
  await leave(loopback, [...alike(3), ...alike(2, { client: 1 }), ...alike(2, { length: 61 })]);
  t.same(messages, [3], 'another client, another length');
  await leave(wildcard, [...alike(3), ...alike(3, { to: 1 })]);
  t.same(messages, [2], 'another address that was asked');
});

for (const errno of [LINUX.EIO, 22]) {
  t.test(`a train that the kernel refuses with ${errno} is sent reply by reply`, { skip }, async (t) => {
    let refusals = 0;
    const refusing: Libc = {
      ...libc,
      sendmmsg: (...call) => (refusals++ === 0 ? -1 : libc.sendmmsg(...call)),
      errno: () => (refusals === 1 ? errno : libc.errno()),
    };
    await withBench(sites[1], refusing, async (bench) => {
      for (let round = 0; round < 2; round++) {
        const { got, expected } = await bench.run(alike(5));
        t.same(got, expected);
      }
    });
    // Five by themselves, then one train; or, where trains never work, five messages in one call.
    t.equal(refusals, 7);
  });
}

t.test('a kernel without trains', { skip }, async (t) => {
  const messages: number[] = [];
  await withBench(sites[0], { ...recording(messages), getsockopt: () => -1 }, async (bench) => {
    const { got, expected } = await bench.run(alike(5));
    t.same(got, expected);
  });
  t.same(messages, [5]);
});

/** The C library where calls for many messages are refused from some call on; what was told of it. */
function refusing(errno: number, from: { recvmmsg?: number; sendmmsg?: number }) {
  const calls = { recvmmsg: 0, sendmmsg: 0 };
  let failed: number | undefined;
  const refuses = (call: 'recvmmsg' | 'sendmmsg'): boolean => {
    failed = calls[call]++ >= (from[call] ?? Infinity) ? errno : undefined;
    return failed !== undefined;
  };
  const real = <Result>(result: Result): Result => {
    failed = undefined;
    return result;
  };
  const fake: Libc = {
    ...libc,
    recvmmsg: (...call) => (refuses('recvmmsg') ? -1 : libc.recvmmsg(...call)),
    sendmmsg: (...call) => (refuses('sendmmsg') ? -1 : libc.sendmmsg(...call)),
    recvmsg: (...call) => real(libc.recvmsg(...call)),
    sendmsg: (...call) => real(libc.sendmsg(...call)),
    errno: () => failed ?? libc.errno(),
  };
  return { fake, calls };
}

for (const site of sites) {
  for (const errno of [LINUX.ENOSYS, LINUX.EPERM, LINUX.EINVAL]) {
    t.test(`calls for many messages refused with ${errno} at ${site.listen}: nothing is lost`, { skip }, async (t) => {
      for (const from of [{ recvmmsg: 0 }, { sendmmsg: 0 }, { recvmmsg: 2, sendmmsg: 2 }]) {
        const { fake, calls } = refusing(errno, from);
        await withBench(site, fake, async (bench) => {
          for (let round = 0; round < 6; round++) {
            const asks = [...alike(5), ...alike(3, { client: 1 }), ...alike(2, { client: 2, to: 1, length: 1300 })];
            const { got, expected } = await bench.run(asks);
            t.same(got, expected);
          }
        });
        t.ok(from.recvmmsg === undefined || calls.recvmmsg === from.recvmmsg + 1, 'it is not tried again');
        t.ok(from.sendmmsg === undefined || calls.sendmmsg <= from.sendmmsg + 6, 'nor for long where it might pass');
      }
    });
  }
}

t.test('a packet filter that says EPERM of single packets does not end batches', { skip }, async (t) => {
  let calls = 0;
  let told = 0;
  const { fake } = refusing(LINUX.EPERM, {});
  const filtered: Libc = {
    ...fake,
    sendmmsg: (...call) => (calls++ % 2 === 0 ? -1 : libc.sendmmsg(...call)),
    errno: () => LINUX.EPERM,
  };
  await withBench(
    sites[0],
    filtered,
    async (bench) => {
      for (let round = 0; round < 10; round++) {
        const { got, expected } = await bench.run([...alike(1), ...alike(1, { client: 1 })]);
        t.same(got, expected);
      }
    },
    () => told++,
  );
  t.equal(calls, 20, 'the next one is asked for again');
  t.equal(told, 0);
});
