/** The main thread's side: sockets, program and link of every interface that is served, for as long as the process lives. */
import os from 'node:os';
import type { Endpoint } from '../address.ts';
import type { Libc } from '../libc.ts';
import type { SocketState } from '../listen-addresses.ts';
import type { SocketLog } from '../transport.ts';
import { attachProgram, createSocketMap, loadProgram, mapSocket, replaceProgram } from './bpf.ts';
import { XdpFault } from './fault.ts';
import { ETHERNET_BYTES, IPV6_BYTES, UDP, VLAN_BYTES } from './headers.ts';
import { type NetworkInterface, readInterface, vlanParent } from './interface.ts';
import { mustPlanXdp, planXdp } from './plan.ts';
import { assembleProgram } from './program.ts';
import { type QueueShare, unsentReplies } from './queue.ts';
import { HEADROOM_BYTES } from './rings.ts';
import { isZeroCopy, openXdpSocket, readStatistics } from './socket.ts';

/** Of an interface; the frames of others go their usual way. */
const QUEUES_MAX = 64;
/** Of frames for a queue: too few are lost in a burst, too many are out of every cache. */
const PLACES_MIN = 256;
const PLACES_MAX = 65_536;
/** A place holds a frame of the usual MTU, or is a page: the kernel takes nothing between and beyond. */
const PLACE_BYTES = [2048, 4096] as const;
const HEADERS_BYTES = ETHERNET_BYTES + VLAN_BYTES + IPV6_BYTES + UDP.BYTES;
/** 512 bytes of DNS (RFC 1035 §4.2.1) in the longest headers, and what nearly every link carries (RFC 791 §3.1). */
const MTU_MIN = 576;
/** How often it is looked which addresses the machine has: those of a pair with a floating address come and go. */
const LOOK_MS = 1000;

/** What is served of one interface. */
interface Attached {
  readonly device: NetworkInterface;
  readonly map: number;
  readonly link: number;
  readonly placeBytes: number;
  readonly queues: readonly (QueueShare & { readonly worker: number; readonly queue: number })[];
}

interface XdpOptions {
  /** With the ports in use. */
  readonly listen: readonly Endpoint[];
  readonly interfaces: readonly string[];
  readonly workers: number;
  readonly receiveBufferBytes: number;
  readonly log: SocketLog;
}

export class XdpInterfaces {
  readonly #libc: Libc;
  readonly #options: XdpOptions;
  readonly #attached: readonly Attached[];
  readonly #looking: NodeJS.Timeout;
  #endpoints: readonly Endpoint[];
  #isHalted = false;

  private constructor(libc: Libc, options: XdpOptions, attached: readonly Attached[], endpoints: readonly Endpoint[]) {
    this.#libc = libc;
    this.#options = options;
    this.#attached = attached;
    this.#endpoints = endpoints;
    this.#looking = setInterval(() => this.#look(), LOOK_MS);
    this.#looking.unref();
  }

  /** Serves every interface that can be served; throws XdpFault, with nothing left open, where none can. */
  static open(libc: Libc, options: XdpOptions): XdpInterfaces {
    const { interfaces, endpoints, leftOut } = mustPlanXdp(options.listen, options.interfaces, os.networkInterfaces());
    const attached: Attached[] = [];
    const faults: { name: string; why: string }[] = [];
    for (const name of new Set(interfaces.map((each) => vlanParent(libc, each) ?? each))) {
      try {
        const tagged = interfaces.some((each) => vlanParent(libc, each) === name);
        attached.push(attach(libc, { name, tagged, endpoints, before: attached.length }, options));
      } catch (error) {
        if (!(error instanceof XdpFault)) throw error;
        faults.push({ name, why: error.message });
      }
    }
    if (attached.length === 0) throw new XdpFault(faults.map(({ name, why }) => `${name}: ${why}`).join('; '));
    for (const { name, why } of faults)
      options.log.warn({ interface: name, reason: why }, 'AF_XDP does not work on this interface: sockets serve it');
    if (leftOut > 0) options.log.warn({ leftOut }, 'AF_XDP serves so many addresses less: sockets serve them');
    for (const each of attached) tell(libc, each, options.log);
    return new XdpInterfaces(libc, options, attached, endpoints);
  }

  /** What goes on an interface's MTU: the longest UDP reply, bytes. */
  get udpMaxBytes(): number {
    return Math.min(...this.#attached.map(({ device, placeBytes }) => replyBytesMax(device.mtu, placeBytes)));
  }

  queues(worker: number): QueueShare[] {
    return this.#attached.flatMap(({ queues }) => queues.filter((queue) => queue.worker === worker));
  }

  states(): SocketState[] {
    return this.#attached.flatMap(({ device, queues }) =>
      queues.flatMap(({ fd, memory, layout, worker, queue }) => {
        const statistics = readStatistics(this.#libc, fd);
        if (statistics === undefined) return [];
        const { dropped, refused, starved } = statistics;
        const words = new Int32Array(memory);
        const { producer, consumer } = layout.rings.rx;
        const waiting = (Atomics.load(words, producer) - Atomics.load(words, consumer)) | 0;
        return [
          {
            address: `${device.name} queue ${queue}`,
            worker,
            dropped,
            unsent: refused + unsentReplies({ memory, layout }),
            starved,
            queuedBytes: waiting * layout.placeBytes,
            bufferBytes: layout.places * layout.placeBytes,
          },
        ];
      }),
    );
  }

  /** The interfaces run no program of ours any more: everything goes to the sockets. */
  halt(): void {
    if (this.#isHalted) return;
    this.#isHalted = true;
    clearInterval(this.#looking);
    for (const { link } of this.#attached) this.#libc.close(link);
  }

  close(): void {
    this.halt();
    for (const { map, queues } of this.#attached)
      for (const fd of [map, ...queues.map(({ fd }) => fd)]) this.#libc.close(fd);
  }

  /** Leads the programs to the addresses that the machine has now. */
  #look(): void {
    const { listen, interfaces, log } = this.#options;
    const { endpoints } = planXdp(listen, interfaces, os.networkInterfaces());
    if (keyOf(endpoints) === keyOf(this.#endpoints)) return;
    this.#endpoints = endpoints;
    for (const { device, map, link, placeBytes } of this.#attached) {
      try {
        const program = loadProgram(this.#libc, programFor(device, map, placeBytes, endpoints));
        replaceProgram(this.#libc, link, program);
        this.#libc.close(program);
      } catch (error) {
        // The addresses as they were are served on; others by the sockets.
        log.warn({ interface: device.name, reason: (error as Error).message }, 'AF_XDP does not follow the addresses');
      }
    }
    log.info({ addresses: endpoints.map(({ address }) => address) }, 'AF_XDP follows the addresses of this machine');
  }
}

const keyOf = (endpoints: readonly Endpoint[]): string => JSON.stringify(endpoints);

interface Wanted {
  readonly name: string;
  /** An address stands on a VLAN of it. */
  readonly tagged: boolean;
  readonly endpoints: readonly Endpoint[];
  /** Interfaces before it, so that the workers' shares are even. */
  readonly before: number;
}

/** Throws XdpFault with nothing left open. */
function attach(libc: Libc, { name, tagged, endpoints, before }: Wanted, options: XdpOptions): Attached {
  const device = readInterface(libc, name);
  const placeBytes = placeBytesOf(device, tagged);
  const places = Math.min(
    PLACES_MAX,
    Math.max(PLACES_MIN, 2 ** Math.floor(Math.log2(options.receiveBufferBytes / placeBytes))),
  );
  const opened: number[] = [];
  try {
    const map = createSocketMap(libc, QUEUES_MAX);
    opened.push(map);
    const queues: Attached['queues'][number][] = [];
    for (let queue = 0; queue < Math.min(device.queues, QUEUES_MAX); queue++) {
      const socket = openXdpSocket(libc, { index: device.index, queue }, places, placeBytes);
      // Queues that only send are counted too.
      if (socket === undefined) break;
      opened.push(socket.fd);
      mapSocket(libc, map, queue, socket.fd);
      const worker = (before + queue) % options.workers;
      queues.push({ ...socket, queue, worker, replyBytesMax: replyBytesMax(device.mtu, placeBytes) });
    }
    const program = loadProgram(libc, programFor(device, map, placeBytes, endpoints));
    opened.push(program);
    const link = attachProgram(libc, program, device.index);
    // The link holds it from now on.
    libc.close(program);
    return { device, map, link, placeBytes, queues };
  } catch (error) {
    for (const fd of opened) libc.close(fd);
    throw error;
  }
}

/** Throws XdpFault where the interface is none for this. */
function placeBytesOf({ mac, mtu, hidesVlanTags, name }: NetworkInterface, tagged: boolean): number {
  if (mac === undefined) throw new XdpFault('it carries no Ethernet frames');
  if (mtu < MTU_MIN) throw new XdpFault(`its MTU of ${mtu} is below ${MTU_MIN}`);
  if (tagged && hidesVlanTags) {
    throw new XdpFault(
      `its card takes VLAN tags out of frames, where no program sees them: ethtool -K ${name} rxvlan off`,
    );
  }
  return PLACE_BYTES.find((bytes) => mtu + HEADROOM_BYTES + ETHERNET_BYTES + VLAN_BYTES < bytes) ?? PLACE_BYTES[1];
}

/** The longest DNS message that goes on the interface and into a place, whatever its headers. */
function replyBytesMax(mtu: number, placeBytes: number): number {
  return Math.min(mtu - IPV6_BYTES - UDP.BYTES, placeBytes - HEADROOM_BYTES - HEADERS_BYTES);
}

function programFor(
  { mac }: NetworkInterface,
  map: number,
  placeBytes: number,
  endpoints: readonly Endpoint[],
): Uint8Array {
  return assembleProgram({ mac: mac as Uint8Array, map, endpoints, frameBytesMax: placeBytes - HEADROOM_BYTES });
}

function tell(libc: Libc, { device: { name, driver, mtu, queues: has }, queues }: Attached, log: SocketLog): void {
  const [first] = queues;
  const copies = first === undefined || !isZeroCopy(libc, first.fd);
  log.info({ interface: name, driver, mtu, queues: queues.length, of: has, copies }, 'dns served by AF_XDP');
}
