/** One interface that is served: its sockets, its program, and the link by which it runs that, for as long as all live. */
import type { Libc } from '../libc.ts';
import type { SocketState } from '../listen-addresses.ts';
import type { SocketLog } from '../transport.ts';
import { attachProgram, createSocketMap, isAttached, loadProgram, mapSocket, replaceProgram } from './bpf.ts';
import { BulkParts } from './bulk-parts.ts';
import { XdpFault } from './fault.ts';
import { ETHERNET_BYTES, IPV6_BYTES, UDP, VLAN_BYTES } from './headers.ts';
import { type InterfaceSight, type NetworkInterface, readInterface, seeInterface } from './interface.ts';
import { readFeatures } from './netlink.ts';
import type { OwnEndpoint } from './plan.ts';
import { assembleProgram, type BulkMaps } from './program.ts';
import { type QueueShare, repliesInBulk, unsentReplies } from './queue.ts';
import { HEADROOM_BYTES } from './rings.ts';
import { closeXdpSocket, hasLostItsQueue, isZeroCopy, openXdpSocket, readStatistics } from './socket.ts';
import { withStation } from './station.ts';
import { looksOf, withoutHidden, withoutOtherLinks } from './vlans.ts';

/** Of an interface; the frames of others go their usual way. */
const QUEUES_MAX = 64;
/** Of frames for a queue: too few are lost in a burst, too many are out of every cache. */
const PLACES_MIN = 256;
const PLACES_MAX = 65_536;
/** A place holds a frame of the usual MTU, or is a page: the kernel takes nothing between and beyond. */
const PLACE_BYTES = [2048, 4096] as const;
/** What a queue locks of memory at least, whatever the settings say. */
export const QUEUE_MIN_BYTES = PLACES_MIN * PLACE_BYTES[0];
const HEADERS_BYTES = ETHERNET_BYTES + VLAN_BYTES + IPV6_BYTES + UDP.BYTES;
/** 512 bytes of DNS (RFC 1035 §4.2.1) in the longest headers, and what nearly every link carries (RFC 791 §3.1). */
const MTU_MIN = 576;
/** Drivers of one interface made of several: frames come by the queues of those, which no socket of the whole is led to. */
const BUNDLES: readonly string[] = ['bonding', 'team'];

interface Wanted {
  readonly name: string;
  readonly endpoints: readonly OwnEndpoint[];
  /** Interfaces before it, so that the workers' shares are even. */
  readonly before: number;
  readonly workers: number;
  readonly receiveBufferBytes: number;
  readonly log: SocketLog;
}

type WorkersQueue = QueueShare & { readonly worker: number };

export class AttachedInterface {
  readonly queues: readonly WorkersQueue[];
  readonly #libc: Libc;
  readonly #log: SocketLog;
  readonly #device: NetworkInterface;
  readonly #map: number;
  readonly #bulk: BulkParts | undefined;
  /** undefined: it was let go, or its number would be that of something else by now. */
  #link: number | undefined;
  readonly #placeBytes: number;
  /** As it was last seen; undefined: it is gone. */
  #sight: InterfaceSight | undefined;
  #name: string;
  #program: string;
  /** What could not be followed, so that it is told once; each look tries again. */
  #refused: string | undefined;
  #isResting = false;
  #isHiding = false;

  private constructor(
    libc: Libc,
    log: SocketLog,
    device: NetworkInterface,
    parts: {
      readonly map: number;
      readonly link: number;
      readonly bulk: BulkParts | undefined;
      readonly placeBytes: number;
      readonly queues: readonly WorkersQueue[];
      readonly endpoints: readonly OwnEndpoint[];
    },
  ) {
    this.#libc = libc;
    this.#log = log;
    this.#device = device;
    this.#sight = device;
    this.#name = device.name;
    this.#map = parts.map;
    this.#link = parts.link;
    this.#bulk = parts.bulk;
    this.#placeBytes = parts.placeBytes;
    this.queues = parts.queues;
    this.#program = keyOf(device, parts.endpoints);
  }

  /** Its program leads nothing to the queues before `begin`. Throws XdpFault with nothing left open. */
  static attach(libc: Libc, { name, before, workers, receiveBufferBytes, log, ...wanted }: Wanted): AttachedInterface {
    const device = withStation(libc, readInterface(libc, name));
    mustSuit(libc, device);
    const placeBytes = placeBytesOf(device);
    const looks = looksOf(libc, device);
    const all = withoutOtherLinks(device.name, wanted.endpoints, looks);
    const endpoints = withoutHidden(device.name, all, looks);
    if (endpoints.length < all.length) {
      const off = `ethtool -K ${device.name} rxvlan off`;
      throw new XdpFault(`its card takes VLAN tags out of frames, where no program sees them: ${off}`);
    }
    const places = Math.min(
      PLACES_MAX,
      Math.max(PLACES_MIN, 2 ** Math.floor(Math.log2(receiveBufferBytes / placeBytes))),
    );
    const opened: number[] = [];
    const queues: WorkersQueue[] = [];
    let bulk: BulkParts | undefined;
    try {
      const map = createSocketMap(libc, QUEUES_MAX);
      opened.push(map);
      for (let queue = 0; queue < Math.min(device.queues, QUEUES_MAX); queue++) {
        const socket = openXdpSocket(libc, { index: device.index, queue }, places, placeBytes);
        // Queues that only send are counted too.
        if (socket === undefined) break;
        const worker = (before + queue) % workers;
        queues.push({ ...socket, queue, worker, replyBytesMax: replyBytesMax(device.mtu, placeBytes) });
      }
      bulk = BulkParts.open(libc, log, device, queues, (maps) => programFor(device, map, placeBytes, endpoints, maps));
      const program = loadProgram(libc, programFor(device, map, placeBytes, endpoints, bulk?.maps));
      opened.push(program);
      const link = attachProgram(libc, program, device);
      opened.push(link);
      bulk?.sendBy(program);
      // The link holds it from now on.
      libc.close(program);
      return new AttachedInterface(libc, log, device, { map, link, bulk, placeBytes, queues, endpoints });
    } catch (error) {
      bulk?.close();
      for (const fd of opened) libc.close(fd);
      for (const queue of queues) closeXdpSocket(libc, queue);
      throw error;
    }
  }

  /** Leads queries to the queues, whose workers answer. Throws XdpFault: where it could not, sockets serve. */
  begin(): void {
    for (const { queue, fd } of this.queues) mapSocket(this.#libc, this.#map, queue, fd);
  }

  /** One line of what is served, and how. */
  tell(): void {
    const { name, driver, mtu, queues: has } = this.#device;
    const [first] = this.queues;
    const copies = first === undefined || !isZeroCopy(this.#libc, first.fd);
    this.#log.info(
      { interface: name, driver, mtu, queues: this.queues.length, of: has, copies },
      'dns served by AF_XDP',
    );
  }

  /** As it is called now, or was when it was last seen. */
  get name(): string {
    return this.#name;
  }

  /** What went on its MTU at the start: the longest UDP reply, bytes. */
  get udpMaxBytes(): number {
    return replyBytesMax(this.#device.mtu, this.#placeBytes);
  }

  states(): SocketState[] {
    const besides = this.#bulk?.notSentBesides() ?? 0;
    return this.queues.flatMap(({ fd, sender, memory, layout, worker, queue }) => {
      const statistics = readStatistics(this.#libc, { fd, sender });
      if (statistics === undefined) return [];
      const { dropped, refused, starved } = statistics;
      const words = new Int32Array(memory);
      const { producer, consumer } = layout.rings.rx;
      const waiting = (Atomics.load(words, producer) - Atomics.load(words, consumer)) | 0;
      return [
        {
          address: `${this.name} queue ${queue}`,
          worker,
          dropped,
          unsent: refused + unsentReplies({ memory, layout }) + (queue === 0 ? besides : 0),
          starved,
          inBulk: repliesInBulk({ memory, layout }),
          queuedBytes: waiting * layout.placeBytes,
          bufferBytes: layout.places * layout.placeBytes,
        },
      ];
    });
  }

  /**
   * Looks at the interface again, and leads its program to these addresses. `replyBytes`: the longest reply that workers
   * send; where the MTU has become too small for it, all is left to the sockets, whose replies the kernel cuts up.
   * Whether the program is as it should be.
   */
  follow(endpoints: readonly OwnEndpoint[], replyBytes: number): boolean {
    const before = this.#sight;
    if (before === undefined || this.#link === undefined) return false;
    const seen = seeInterface(this.#libc, this.#device.index);
    // It may be back already, under the same number: from another namespace, say.
    if (seen?.mac === undefined || this.queues.some(({ fd }) => hasLostItsQueue(this.#libc, fd))) {
      this.#letGo(
        before,
        'an interface that AF_XDP served is gone: sockets serve, should it come back, until a restart',
      );
      return false;
    }
    const sight = withStation(this.#libc, seen);
    this.#sight = sight;
    this.#name = sight.name;
    if (!isAttached(this.#libc, this.#link)) {
      this.#letGo(
        sight,
        'somebody has taken the program of AF_XDP off this interface: sockets serve it until a restart',
      );
      return false;
    }
    this.#bulk?.look();
    const rests = replyBytesMax(sight.mtu, this.#placeBytes) < replyBytes;
    const looks = looksOf(this.#libc, sight);
    const all = withoutOtherLinks(sight.name, endpoints, looks);
    const shown = withoutHidden(sight.name, all, looks);
    const own = rests ? [] : shown;
    if (!this.#lead(this.#link, sight, own)) return false;
    // Also where the program is the same: it may lead nothing for one reason after the other.
    this.#tellRest(sight, rests);
    this.#tellHidden(sight, shown.length < all.length);
    return true;
  }

  /** Has the link run the program for these addresses; whether it does. */
  #lead(link: number, sight: InterfaceSight, own: readonly OwnEndpoint[]): boolean {
    const program = keyOf(sight, own);
    if (program === this.#program) {
      this.#refused = undefined;
      return true;
    }
    try {
      const fd = loadProgram(this.#libc, programFor(sight, this.#map, this.#placeBytes, own, this.#bulk?.maps));
      try {
        replaceProgram(this.#libc, link, fd);
        this.#bulk?.sendBy(fd);
      } finally {
        this.#libc.close(fd);
      }
    } catch (error) {
      // What was served is served on; all else by the sockets.
      if (program !== this.#refused) {
        this.#log.warn(
          { interface: sight.name, reason: (error as Error).message },
          'AF_XDP does not follow what changed on this interface, and tries again each second',
        );
      }
      this.#refused = program;
      return false;
    }
    this.#program = program;
    if (this.#refused !== undefined) this.#log.info({ interface: sight.name }, 'AF_XDP follows this interface again');
    this.#refused = undefined;
    return true;
  }

  /** It runs no program of ours any more: everything goes to the sockets. */
  halt(): void {
    this.#bulk?.halt();
    if (this.#link !== undefined) this.#libc.close(this.#link);
    this.#link = undefined;
  }

  close(): void {
    this.#bulk?.close();
    this.#libc.close(this.#map);
    for (const queue of this.queues) closeXdpSocket(this.#libc, queue);
  }

  /**
   * For good. An interface that went to another namespace has taken the program along, which leads queries there, and
   * those that come when it is back, to sockets that lost their queues when it went.
   */
  #letGo({ name }: InterfaceSight, why: string): void {
    this.#log.warn({ interface: name }, why);
    this.#sight = undefined;
    this.halt();
  }

  #tellRest({ name, mtu }: InterfaceSight, rests: boolean): void {
    if (rests === this.#isResting) return;
    this.#isResting = rests;
    if (rests) {
      this.#log.warn(
        { interface: name, mtu },
        'the MTU of this interface is now too small for the replies of AF_XDP: sockets serve it, until it is larger or until a restart',
      );
    } else this.#log.info({ interface: name, mtu }, 'AF_XDP serves this interface again');
  }

  #tellHidden({ name }: InterfaceSight, hides: boolean): void {
    if (hides === this.#isHiding) return;
    this.#isHiding = hides;
    const line = 'its card takes VLAN tags out of frames now: sockets serve the VLANs of this interface';
    if (hides) this.#log.warn({ interface: name }, `${line}, until ethtool -K ${name} rxvlan off`);
    else this.#log.info({ interface: name }, 'AF_XDP serves the VLANs of this interface again');
  }
}

/** Throws XdpFault where the interface is none for this, as far as that is seen before anything is attached. */
export function mustSuit(libc: Libc, { index, mac, mtu, driver }: NetworkInterface): void {
  if (mac === undefined) throw new XdpFault('it carries no Ethernet frames');
  if (mtu < MTU_MIN) throw new XdpFault(`its MTU of ${mtu} is below ${MTU_MIN}`);
  if (BUNDLES.includes(driver)) {
    throw new XdpFault(
      'it bundles other interfaces, whose frames reach no socket of the bundle: dns.xdpInterfaces names those',
    );
  }
  const features = readFeatures(libc, index);
  // What it is led to by such a driver is lost, and nobody is told.
  if (features?.runs && !features.leads)
    throw new XdpFault('its driver runs XDP programs, but leads no frames to sockets');
}

function placeBytesOf({ mtu }: NetworkInterface): number {
  return PLACE_BYTES.find((bytes) => mtu + HEADROOM_BYTES + ETHERNET_BYTES + VLAN_BYTES < bytes) ?? PLACE_BYTES[1];
}

/** The longest DNS message that goes on the interface and into a place, whatever its headers. */
function replyBytesMax(mtu: number, placeBytes: number): number {
  return Math.min(mtu - IPV6_BYTES - UDP.BYTES, placeBytes - HEADROOM_BYTES - HEADERS_BYTES);
}

/** What a program is made of. */
function keyOf({ mac = new Uint8Array() }: InterfaceSight, endpoints: readonly OwnEndpoint[]): string {
  return JSON.stringify([[...mac], endpoints.map(({ address, port }) => [address, port])]);
}

function programFor(
  { mac }: InterfaceSight,
  map: number,
  placeBytes: number,
  endpoints: readonly OwnEndpoint[],
  bulk: BulkMaps | undefined,
): Uint8Array {
  const frameBytesMax = placeBytes - HEADROOM_BYTES;
  return assembleProgram({ mac: mac as Uint8Array, map, endpoints, frameBytesMax, bulk });
}
