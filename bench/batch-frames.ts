/** The kernel's side of an AF_XDP socket, in the thread of the server: see batch.bench.ts. */
import type { Libc } from '../src/sockets/libc.ts';
import type { XdpQueue } from '../src/sockets/xdp/queue.ts';
import { buildFrame } from '../test/fixtures/frames.ts';
import { CLIENT, SERVER } from '../test/fixtures/two-namespaces.ts';

/** As a queue has by default. */
const PLACES = 2048;
const PLACE_BYTES = 2048;
const HEADROOM_BYTES = 256;
/** As the kernel lays out a ring. */
const OFFSETS = { producer: 0, consumer: 64, flags: 128, descriptors: 256 };
const NEED_WAKEUP = 1;
const MACS = { server: [2, 0, 0, 0, 0, 1], client: [2, 0, 0, 0, 0, 2] };

/** Queries in frames, as they come in, and the queue that answers them. */
interface Frames {
  readonly queue: XdpQueue;
  /** So many more have come. */
  receive(count: number): void;
}

/** With the modules of a checkout; `clients`: who asks each query. */
export async function openFrames(
  own: <Module>(file: string) => Promise<Module>,
  queries: readonly Buffer[],
  clients: Uint16Array,
): Promise<Frames> {
  const { XdpQueue } = await own<typeof import('../src/sockets/xdp/queue.ts')>('src/sockets/xdp/queue.ts');
  const rings = await own<typeof import('../src/sockets/xdp/rings.ts')>('src/sockets/xdp/rings.ts');
  const { Xoshiro128 } = await own<typeof import('../src/table/picking/pick.ts')>('src/table/picking/pick.ts');
  const layout = rings.layOutQueue(PLACES, PLACE_BYTES, {
    rx: OFFSETS,
    tx: OFFSETS,
    fill: OFFSETS,
    completion: OFFSETS,
  });
  const memory = rings.createQueueMemory(layout.bytes);
  const [words, bytes] = [new Int32Array(memory), new Uint8Array(memory)];
  const { rx, tx, fill, completion } = layout.rings;
  for (let i = 0; i < PLACES; i++) words[fill.descriptors + 2 * i] = i * PLACE_BYTES;
  words[fill.producer] = PLACES;
  words[tx.flags] = NEED_WAKEUP;
  const mask = PLACES - 1;
  const frames = queries.map((message, i) =>
    buildFrame({
      ...{ to: MACS.server, from: MACS.client, source: CLIENT.v4, destination: SERVER.v4 },
      ...{ sourcePort: 20_000 + clients[i], destinationPort: 53, message },
    }),
  );
  let next = 0;
  const receive = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const frame = frames[next++ % frames.length];
      const at = (words[fill.descriptors + 2 * (words[fill.consumer]++ & mask)] & -PLACE_BYTES) + HEADROOM_BYTES;
      bytes.set(frame, at);
      const descriptor = rx.descriptors + 4 * (words[rx.producer] & mask);
      words[descriptor] = at;
      words[descriptor + 2] = frame.length;
      words[rx.producer]++;
    }
  };
  const send = (): number => {
    for (; words[tx.consumer] !== words[tx.producer]; words[tx.consumer]++, words[completion.producer]++) {
      const at = words[tx.descriptors + 4 * (words[tx.consumer] & mask)];
      words[completion.descriptors + 2 * (words[completion.producer] & mask)] = at;
    }
    return 0;
  };
  const libc = { send, addressOf: () => 0 } as unknown as Libc;
  const queue = new XdpQueue(
    libc,
    { fd: 3, sender: 3, memory, layout, replyBytesMax: 1232, queue: 0 },
    new Xoshiro128(Uint32Array.of(1, 2, 3, 4)),
  );
  return { queue, receive };
}
