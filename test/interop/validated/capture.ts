/**
 * What resolvers and the servers that they ask have said to each other lately, as tcpdump saw it: of an answer that is wrong, the
 * exchanges before it tell whose fault it is.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Message, readMessage, readName, textOf } from '../../fixtures/dnssec/message.ts';
import { endsWithUs } from '../../fixtures/tidying.ts';

/** A resolver that gives up has asked for no longer than that; what is older is forgotten. */
const KEPT_MS = 60_000;
/** libpcap's file and record headers; Ethernet's, which the loopback has too. */
const [FILE_HEAD, RECORD_HEAD, LINK_HEAD] = [24, 16, 14];
const [TCP, UDP] = [6, 17];
const [RRSIG, NSEC, NSEC3, OPT] = [46, 47, 50, 41];
/** Of what is asked for with DNSSEC OK (RFC 3225 §3). */
const DO_BIT = 0x8000;

interface Seen {
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
  readonly transport: 'udp' | 'tcp';
  readonly message: Buffer;
}

export class Capture {
  #seen: Seen[] = [];
  #waiting: Buffer = Buffer.alloc(0);
  #isBegun = false;
  readonly #program: ChildProcess;

  /** Of everything to and from port 53 on the loopback. */
  static async start(): Promise<Capture> {
    const words = ['-i', 'lo', '-U', '--immediate-mode', '-s', '0', '-B', '16384', '-w', '-', 'port', '53'];
    const program = endsWithUs(spawn('tcpdump', words, { stdio: ['ignore', 'pipe', 'pipe'] }));
    const capture = new Capture(program);
    // It says that it listens, or why it does not.
    let said = '';
    for await (const text of program.stderr) {
      said += text;
      if (/listening on/.test(said)) return capture;
    }
    throw new Error(`tcpdump does not start: ${said}`);
  }

  private constructor(program: ChildProcess) {
    this.#program = program;
    program.stdout?.on('data', (bytes: Buffer) => this.#take(bytes));
  }

  async stop(): Promise<void> {
    if (this.#program.exitCode !== null) return;
    const exited = once(this.#program, 'exit');
    this.#program.kill('SIGTERM');
    await exited;
  }

  #take(bytes: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    let at = 0;
    if (!this.#isBegun && this.#waiting.length >= FILE_HEAD) {
      this.#isBegun = true;
      at = FILE_HEAD;
    }
    while (this.#isBegun && this.#waiting.length >= at + RECORD_HEAD) {
      const end = at + RECORD_HEAD + this.#waiting.readUInt32LE(at + 8);
      if (this.#waiting.length < end) break;
      const atMs = this.#waiting.readUInt32LE(at) * 1000 + this.#waiting.readUInt32LE(at + 4) / 1000;
      const seen = parsePacket(Buffer.from(this.#waiting.subarray(at + RECORD_HEAD + LINK_HEAD, end)), atMs);
      if (seen !== undefined) this.#seen.push(seen);
      at = end;
    }
    this.#waiting = this.#waiting.subarray(at);
    const oldest = (this.#seen.at(-1)?.atMs ?? 0) - KEPT_MS;
    if ((this.#seen[0]?.atMs ?? 0) < oldest - KEPT_MS) this.#seen = this.#seen.filter(({ atMs }) => atMs >= oldest);
  }

  /** What a resolver asked servers and was told since a time, a line each; `isAbout`: of which names. */
  of(address: string, sinceMs: number, isAbout: (name: string) => boolean = () => true): string[] {
    return this.#seen
      .filter(({ atMs, from, to }) => atMs >= sinceMs && (from === `${address}` || to === `${address}`))
      .flatMap((seen) => lineOf(seen, isAbout));
  }
}

/** An IPv4 packet of UDP, or of TCP where the whole of a message is in it. */
function parsePacket(packet: Buffer, atMs: number): Seen | undefined {
  const head = (packet.readUInt8(0) & 15) * 4;
  const protocol = packet.readUInt8(9);
  const address = (at: number): string => packet.subarray(at, at + 4).join('.');
  const both = { atMs, from: address(12), to: address(16) };
  const body = packet.subarray(head, packet.readUInt16BE(2));
  if (protocol === UDP) return { ...both, transport: 'udp', message: body.subarray(8) };
  if (protocol !== TCP) return undefined;
  const message = body.subarray((body.readUInt8(12) >>> 4) * 4);
  if (message.length < 14) return undefined;
  return { ...both, transport: 'tcp', message: message.subarray(2) };
}

function lineOf({ atMs, from, to, transport, message }: Seen, isAbout: (name: string) => boolean): string[] {
  try {
    const { labels, end } = readName(message, 12);
    if (!isAbout(textOf(labels))) return [];
    const asked = `${textOf(labels)} ${message.readUInt16BE(end)}`;
    const flags = message.readUInt16BE(2);
    const id = message.readUInt16BE(0);
    const time = new Date(atMs).toISOString().slice(11);
    const start = `${time} ${from} > ${to} ${transport} #${id} ${asked}`;
    if ((flags & 0x8000) === 0) return [`${start}? ${isWithProofs(message) ? 'DO' : 'without DO'}`];
    return [`${start}: ${told(readMessage(message))}`];
  } catch (error) {
    return [`${new Date(atMs).toISOString().slice(11)} ${from} > ${to} ${transport}: ${(error as Error).message}`];
  }
}

/** Whether a query's OPT has DO; it is the last record there. */
function isWithProofs(query: Buffer): boolean {
  const at = readName(query, 12).end + 4;
  if (query.readUInt16BE(10) === 0 || query.readUInt16BE(at + 1) !== OPT) return false;
  return (query.readUInt16BE(at + 7) & DO_BIT) !== 0;
}

function told({ rcode, flags, isTruncated, records }: Message): string {
  const shown = records.map(({ section, owner, type, ttl, rdata }) => {
    const start = `${section.slice(0, 2)} ${textOf(owner)} ${ttl} ${type}`;
    if (type === RRSIG) return `${start} of ${rdata.readUInt16BE(0)} by ${rdata.readUInt16BE(16)}`;
    if (type === NSEC) return `${start} to ${textOf(readName(rdata, 0).labels)}`;
    if (type === NSEC3) return `${start} flags ${rdata[1]}`;
    return start;
  });
  const said = [`rcode ${rcode}`, `${(flags & 0x400) !== 0 ? 'AA' : ''}${(flags & 0x20) !== 0 ? 'AD' : ''}`];
  return `${said.join(' ')}${isTruncated ? ' TC' : ''} | ${shown.join(' | ')}`;
}
