/**
 * The DNS client: asks one nameserver one question, over UDP or TCP. What comes back is a value, errors too. dns2 is the
 * codec; its own clients parse before they look at the ID, and know no time limit over TCP.
 */
import dgram from 'node:dgram';
import net from 'node:net';
import { Packet, type Resource } from 'dns2';
import { type Asked, checkReply, isReplyTo } from './check.ts';

/** A server that is well answers within this even from the other side of the world. */
const TIME_LIMIT_MS = 3000;
/** A lost datagram is no finding. */
const UDP_TRIES = 2;
const HEADER_BYTES = 12;
/** dns2 has no names for these, and gives their data as they are: RFC 4034 §5, RFC 7344 §3.1, RFC 9859 §6.1. */
const NUMBERS: Readonly<Record<string, number>> = { DS: 43, CDS: 59, DSYNC: 66 };
/** RFC 1996 §3.1. */
const OPCODE_NOTIFY = 4;
/** The upper half of an OPT record's flags has the version, the DO bit stands below it (RFC 6891 §6.1.3). */
const DNSSEC_OK = 0x8000;
/** Before a message over TCP (RFC 1035 §4.2.2). */
const LENGTH_BYTES = 2;

export interface Question {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'SOA' | 'TXT' | 'MX' | 'DNSKEY' | 'DS' | 'CDS' | 'DSYNC';
  /** Asks the server to look the answer up, as a resolver does. */
  readonly recursive?: boolean;
  readonly tcp?: boolean;
  /** It is no question: the server is told that this has changed (RFC 1996, RFC 9859). */
  readonly isNotify?: boolean;
  /** Sends an OPT record (RFC 6891) with this UDP size. */
  readonly udpBytes?: number;
  /** Wants signatures too (the DO bit, RFC 3225), and the whole message; goes with `udpBytes`. */
  readonly dnssec?: boolean;
}

export interface Answer {
  readonly rcode: number;
  readonly isAuthoritative: boolean;
  readonly isTruncated: boolean;
  readonly hasOpt: boolean;
  /** Of the whole message; 0 where it is not known. */
  readonly bytes: number;
  readonly answers: readonly Resource[];
  readonly authorities: readonly Resource[];
  readonly additionals: readonly Resource[];
  /** As it came, where signatures were asked for; its bounds and pointers are checked. */
  readonly message?: Uint8Array;
}

/** Why there is no answer, in a phrase. */
export interface NoAnswer {
  readonly error: string;
}

export type Ask = (address: string, question: Question) => Promise<Answer | NoAnswer>;

/** How patient the client is. */
export interface Patience {
  readonly limitMs: number;
  /** Over UDP. */
  readonly tries: number;
}

const PATIENCE: Patience = { limitMs: TIME_LIMIT_MS, tries: UDP_TRIES };

/** Asks at this port, unless an address brings its own: `127.0.0.1:5300`, `[::1]:5300`. Never rejects. */
export function askAt(port: number, { limitMs, tries }: Patience = PATIENCE): Ask {
  return async (address, question) => {
    const to = parseHostPort(address, port);
    try {
      const query = queryOf(question);
      const read = (message: Buffer): Answer => ({ ...answerOf(message), ...(question.dnssec && { message }) });
      if (question.tcp) return read(await overTcp(to, query, limitMs));
      for (let left = tries; ; left--) {
        try {
          return read(await overUdp(to, query, limitMs));
        } catch (error) {
          if (left <= 1) throw error;
        }
      }
    } catch (error) {
      return { error: phrase(error as NodeJS.ErrnoException, limitMs) };
    }
  };
}

interface HostPort {
  readonly host: string;
  readonly port: number;
}

export function parseHostPort(text: string, port: number): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text);
  if (match === null) return { host: text, port };
  return { host: match[1] ?? match[2] ?? '', port: match[3] === undefined ? port : Number(match[3]) };
}

/** What a message says. Throws where it is none. */
export function answerOf(message: Buffer): Answer {
  const checked = checkReply(message);
  if (typeof checked === 'string') throw new Error(`the answer cannot be read: it ${checked}`);
  return shape(Packet.parse(checked.message), message.length);
}

function shape({ header, answers, authorities, additionals }: Packet, bytes: number): Answer {
  return {
    rcode: header.rcode,
    isAuthoritative: header.aa === 1,
    isTruncated: header.tc === 1,
    hasOpt: additionals.some(({ type }) => type === Packet.TYPE.EDNS),
    bytes,
    answers,
    authorities,
    additionals,
  };
}

interface Query extends Asked {
  readonly message: Buffer;
}

function queryOf({ name, type, recursive, isNotify, udpBytes, dnssec }: Question): Query {
  const packet = new Packet();
  packet.header.id = Packet.uuid();
  packet.header.rd = recursive ? 1 : 0;
  if (isNotify) {
    packet.header.opcode = OPCODE_NOTIFY;
    packet.header.aa = 1;
  }
  const number = NUMBERS[type] ?? Packet.TYPE[type as keyof typeof Packet.TYPE];
  packet.questions.push(new Packet.Question(name, number, Packet.CLASS.IN));
  // Behind the header, and before the OPT record.
  const question = packet.toBuffer().subarray(HEADER_BYTES);
  if (udpBytes !== undefined) {
    const opt = Packet.Resource.EDNS([]);
    opt.class = udpBytes;
    if (dnssec) opt.ttl = DNSSEC_OK;
    packet.additionals.push(opt);
  }
  return { id: packet.header.id, question, message: packet.toBuffer() };
}

function overUdp({ host, port }: HostPort, query: Query, limitMs: number): Promise<Buffer> {
  const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  return new Promise<Buffer>((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError()), limitMs);
    socket.on('error', reject);
    socket.on('message', (message) => {
      if (isReplyTo(query, message)) resolve(message);
    });
    socket.on('close', () => clearTimeout(timer));
    // Connected, so that only this server's datagrams come in, and a refusal does.
    // Where nothing leads there (no route, no IPv6) it is the callback that is told, and no event.
    const connected = (error?: Error): void => (error ? reject(error) : socket.send(query.message));
    socket.connect(port, host, connected as () => void);
  }).finally(() => socket.close());
}

function overTcp({ host, port }: HostPort, query: Query, limitMs: number): Promise<Buffer> {
  const socket = net.connect({ host, port });
  return new Promise<Buffer>((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError()), limitMs);
    socket.on('close', () => {
      clearTimeout(timer);
      reject(new Error('the connection was closed without an answer'));
    });
    socket.on('error', reject);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(query.message.length);
    socket.write(Buffer.concat([length, query.message]));
    // At most 64 KiB and what one read brings: it is destroyed with the first message. Put together twice, however small
    // the pieces are: for its length, and when it is whole.
    let pieces: Buffer[] = [];
    let bytes = 0;
    let end = LENGTH_BYTES;
    const join = (): Buffer => {
      const all = Buffer.concat(pieces);
      pieces = [all];
      return all;
    };
    socket.on('data', (piece) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes < end) return;
      if (end === LENGTH_BYTES) end += join().readUInt16BE(0);
      if (bytes < end) return;
      const message = join().subarray(LENGTH_BYTES, end);
      if (isReplyTo(query, message)) resolve(message);
      else reject(new Error('the answer is not to what was asked'));
    });
  }).finally(() => socket.destroy());
}

class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT';
}

function phrase({ code, message }: NodeJS.ErrnoException, limitMs: number): string {
  if (code === 'ETIMEDOUT') return `no answer within ${limitMs / 1000} s`;
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'EINVAL') return 'no way to that address from here';
  return message;
}
