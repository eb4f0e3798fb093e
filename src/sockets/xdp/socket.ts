/** AF_XDP sockets (linux/if_xdp.h): one for a queue of an interface, with its memory, bound. */
import { LINUX, type Libc } from '../libc.ts';
import { faultOf, XdpFault } from './fault.ts';
import { createQueueMemory, layOutQueue, PAGE_BYTES, type QueueMemory, RINGS, type RingOffsets } from './rings.ts';

const AF_XDP = 44;
const SOCK_RAW = 3;
const SOL_XDP = 283;
/** Options of the socket. The rings by which sizes are set and places in the socket mapped: names as in `RINGS`. */
const OPTION = { OFFSETS: 1, MEMORY: 4, STATISTICS: 7, OPTIONS: 8, SENT_BY_A_CALL: 9 } as const;
const RING_OPTION = { rx: 2, tx: 3, fill: 5, completion: 6 } as const;
const RING_OFFSET = { rx: 0, tx: 0x8000_0000, fill: 0x1_0000_0000, completion: 0x1_8000_0000 } as const;
/** Of each ring: producer, consumer, descriptors, flags; 64 bits each. */
const OFFSETS_BYTES = RINGS.length * 4 * 8;
/** The kernel says when it wants to be called (Linux 5.4). */
const USE_NEED_WAKEUP = 1 << 3;
/** Memory, fill and completion ring are those of another socket. */
const SHARED_MEMORY = 1 << 0;
const ZERO_COPY = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED_FIXED_POPULATED = 0x01 | 0x10 | 0x8000;
const MAP_PRIVATE_FIXED_ANONYMOUS = 0x02 | 0x10 | 0x20;
/** The errors of memory that may not be locked: the kernel says either. */
const LOCKED = 'more memory than may be locked (LimitMEMLOCK=, ulimit -l), or than there is';

/** The socket of a queue, or the two. */
export interface XdpSocket {
  /** What receives. */
  readonly fd: number;
  /** What sends: the same where nothing is copied. */
  readonly sender: number;
  readonly memory: SharedArrayBuffer;
  readonly layout: QueueMemory;
}

/** Whether there is AF_XDP at all, and a right to it. Throws XdpFault. */
export function trySocket(libc: Libc): void {
  libc.close(openSocket(libc));
}

/** Whether so much memory, whole pages, may be handed over for frames. Throws XdpFault. */
export function tryMemory(libc: Libc, bytes: number): void {
  const fd = openSocket(libc);
  try {
    registerMemory(libc, fd, createQueueMemory(bytes), { places: bytes / PAGE_BYTES, placeBytes: PAGE_BYTES });
  } finally {
    libc.close(fd);
  }
}

function openSocket(libc: Libc): number {
  const fd = libc.socket(AF_XDP, SOCK_RAW | LINUX.SOCK_CLOEXEC, 0);
  if (fd >= 0) return fd;
  const none = 'this kernel has no AF_XDP (CONFIG_XDP_SOCKETS), or a filter hides it (RestrictAddressFamilies=)';
  throw faultOf('an AF_XDP socket', libc.errno(), { EAFNOSUPPORT: none });
}

/**
 * Opens the socket of a queue: its memory of so many places (a power of 2), all of them handed to the kernel before
 * anything can arrive, then bound. undefined: the interface has no such queue. Throws XdpFault with nothing left open.
 *
 * Where the kernel copies frames, replies are sent by a second socket of the same queue and memory. For each frame the core
 * that receives writes into the first one (struct xdp_sock: flush_node, rx_queue_full) beside what the core that sends
 * reads of it for each reply (pool, dev, tx): one socket for both cost a reply two to four waits for a line of the other
 * core's cache. Where nothing is copied the driver sends, by a faster way if there is one socket with a tx ring only.
 */
export function openXdpSocket(
  libc: Libc,
  { index, queue }: { readonly index: number; readonly queue: number },
  places: number,
  placeBytes: number,
): XdpSocket | undefined {
  const fd = openSocket(libc);
  let opened: XdpSocket | undefined;
  let isReady = false;
  try {
    const layout = layOutQueue(places, placeBytes, readOffsets(libc, fd));
    const memory = createQueueMemory(layout.bytes);
    registerMemory(libc, fd, memory, layout);
    opened = { fd, sender: fd, memory, layout };
    for (const name of RINGS) makeRing(libc, fd, opened, name);
    fillAll(memory, layout);
    if (!bind(libc, fd, `queue ${queue}`, { index, queue, flags: USE_NEED_WAKEUP })) return undefined;
    if (!isZeroCopy(libc, fd)) {
      opened = { ...opened, sender: openSocket(libc) };
      // In the place of the first one's ring, which stays empty: whether frames are copied is known once that is bound.
      makeRing(libc, opened.sender, opened, 'tx');
      const what = `a second socket for queue ${queue}`;
      if (!bind(libc, opened.sender, what, { index, queue, flags: SHARED_MEMORY, owner: fd })) return undefined;
    }
    // Since Linux 6.17: as many frames a call as there may be. Without it the kernel takes some at a time.
    libc.setsockopt(opened.sender, SOL_XDP, OPTION.SENT_BY_A_CALL, number(places), 4);
    isReady = true;
    return opened;
  } finally {
    if (!isReady && opened !== undefined) closeXdpSocket(libc, opened);
    else if (!isReady) libc.close(fd);
  }
}

/**
 * Closes the socket of a queue, which no worker reads or writes any more. Its rings are mapped, too, and a socket is open
 * for as long as those are: memory of nobody takes their place, or the queue would be taken until a collection finds them.
 * The kernel lets go of it some milliseconds later.
 */
export function closeXdpSocket(libc: Libc, { fd, sender, memory, layout: { mappings } }: XdpSocket): void {
  const start = libc.addressOf(new Uint8Array(memory));
  for (const name of RINGS) {
    const { at, bytes } = mappings[name];
    // Where it fails that stays as it is until the collection.
    libc.mmap(start + at, bytes, PROT_READ_WRITE, MAP_PRIVATE_FIXED_ANONYMOUS, -1, 0);
  }
  if (sender !== fd) libc.close(sender);
  libc.close(fd);
}

function number(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function readOffsets(libc: Libc, fd: number): Record<(typeof RINGS)[number], RingOffsets> {
  const bytes = new Uint8Array(OFFSETS_BYTES);
  const length = Int32Array.of(OFFSETS_BYTES);
  const isTold = libc.getsockopt(fd, SOL_XDP, OPTION.OFFSETS, bytes, length) === 0;
  if (!isTold || length[0] < OFFSETS_BYTES) throw new XdpFault('rings without flags: Linux 5.9 at least is needed');
  const view = new DataView(bytes.buffer);
  const at = (i: number): RingOffsets => {
    const [producer, consumer, descriptors, flags] = [0, 8, 16, 24].map((field) =>
      view.getUint32(32 * i + field, true),
    );
    return { producer, consumer, descriptors, flags };
  };
  return { rx: at(0), tx: at(1), fill: at(2), completion: at(3) };
}

type Places = Pick<QueueMemory, 'places' | 'placeBytes'>;

function registerMemory(libc: Libc, fd: number, memory: SharedArrayBuffer, { places, placeBytes }: Places): void {
  // struct xdp_umem_reg: address, length, size of a place, headroom, flags.
  const words = new BigUint64Array(4);
  words[0] = BigInt(libc.addressOf(new Uint8Array(memory)));
  words[1] = BigInt(places * placeBytes);
  words[2] = BigInt(placeBytes);
  if (libc.setsockopt(fd, SOL_XDP, OPTION.MEMORY, new Uint8Array(words.buffer), words.byteLength) === 0) return;
  const what = `${(places * placeBytes) / 2 ** 20} MiB for frames`;
  throw faultOf(what, libc.errno(), { ENOBUFS: LOCKED, ENOMEM: LOCKED });
}

/** Makes a ring of the socket and maps it into the memory, which must be before the socket is bound. */
function makeRing(libc: Libc, fd: number, { memory, layout }: XdpSocket, name: (typeof RINGS)[number]): void {
  if (libc.setsockopt(fd, SOL_XDP, RING_OPTION[name], number(layout.places), 4) !== 0)
    throw faultOf(`the ${name} ring`, libc.errno());
  const { at, bytes } = layout.mappings[name];
  const start = libc.addressOf(new Uint8Array(memory)) + at;
  const mapped = libc.mmap(start, bytes, PROT_READ_WRITE, MAP_SHARED_FIXED_POPULATED, fd, RING_OFFSET[name]);
  if (mapped !== start) throw faultOf(`the ${name} ring`, libc.errno(), { ENOMEM: LOCKED, EAGAIN: LOCKED });
}

/** All places to the kernel: a driver without any drops what it receives, and may not ask again. */
function fillAll(memory: SharedArrayBuffer, { rings: { fill }, places, placeBytes }: QueueMemory): void {
  const words = new Int32Array(memory);
  for (let i = 0; i < places; i++) words[fill.descriptors + 2 * i] = i * placeBytes;
  Atomics.store(words, fill.producer, places);
}

interface Binding {
  readonly index: number;
  readonly queue: number;
  readonly flags: number;
  /** The socket whose memory it shares. */
  readonly owner?: number;
}

/** False: there is no such queue. */
function bind(libc: Libc, fd: number, what: string, { index, queue, flags, owner = 0 }: Binding): boolean {
  // struct sockaddr_xdp: family, flags, interface, queue, a socket to share with.
  const address = new Uint8Array(16);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_XDP, true);
  view.setUint16(2, flags, true);
  view.setUint32(4, index, true);
  view.setUint32(8, queue, true);
  view.setUint32(12, owner, true);
  if (libc.bind(fd, address, address.length) === 0) return true;
  const errno = libc.errno();
  if (errno === LINUX.EINVAL && queue > 0) return false;
  throw faultOf(what, errno, {
    EBUSY: 'somebody else has an AF_XDP socket there',
    ENETDOWN: 'the interface is down',
    ENODEV: 'the interface is gone',
  });
}

/** Whether frames go between card and memory without a copy. */
export function isZeroCopy(libc: Libc, fd: number): boolean {
  const value = new Uint8Array(4);
  const isTold = libc.getsockopt(fd, SOL_XDP, OPTION.OPTIONS, value, Int32Array.of(4)) === 0;
  return isTold && (value[0] & ZERO_COPY) !== 0;
}

/** Whether the interface is gone that the socket was bound to, or was; the kernel tells of it once. */
export function hasLostItsQueue(libc: Libc, fd: number): boolean {
  const error = new Uint8Array(4);
  const isTold = libc.getsockopt(fd, LINUX.SOL_SOCKET, LINUX.SO_ERROR, error, Int32Array.of(4)) === 0;
  return isTold && error.some((byte) => byte !== 0);
}

/** What became of frames, by the kernel's count. */
interface XdpStatistics {
  /** Received, and dropped for want of room in the ring, or of a place. */
  readonly dropped: number;
  /** Replies that it refused to send. */
  readonly refused: number;
  /** How often there was no place to receive into: a card that copies nothing drops what comes then, and counts that itself. */
  readonly starved: number;
}

/** undefined where the kernel does not tell. */
export function readStatistics(
  libc: Libc,
  { fd, sender }: Pick<XdpSocket, 'fd' | 'sender'>,
): XdpStatistics | undefined {
  // rx_dropped, rx_invalid_descs, tx_invalid_descs, rx_ring_full, rx_fill_ring_empty_descs, tx_ring_empty_descs.
  const [received, sent] = [fd, sender].map((of) => {
    const words = new BigUint64Array(6);
    const bytes = new Uint8Array(words.buffer);
    return libc.getsockopt(of, SOL_XDP, OPTION.STATISTICS, bytes, Int32Array.of(bytes.length)) === 0
      ? words
      : undefined;
  });
  if (received === undefined || sent === undefined) return undefined;
  return { dropped: Number(received[0] + received[3]), refused: Number(sent[2]), starved: Number(received[4]) };
}
