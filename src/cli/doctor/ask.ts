/** Asks one nameserver one question, over UDP or TCP, through dns2; what comes back is a value, errors too. */
import dgram from 'node:dgram';
import net from 'node:net';
import dns2, { Packet, type Resource } from 'dns2';

/** A server that is well answers within this even from the other side of the world. */
const TIME_LIMIT_MS = 3000;
/** A lost datagram is no finding. */
const UDP_TRIES = 2;

export interface Question {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'NS' | 'SOA' | 'TXT' | 'MX' | 'DNSKEY';
  /** Asks the server to look the answer up, as a resolver does. */
  readonly recursive?: boolean;
  readonly tcp?: boolean;
  /** Sends an OPT record (RFC 6891) with this UDP size. */
  readonly udpBytes?: number;
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
}

/** Why there is no answer, in a phrase. */
export interface NoAnswer {
  readonly error: string;
}

export type Ask = (address: string, question: Question) => Promise<Answer | NoAnswer>;

/** Asks at this port, unless an address brings its own: `127.0.0.1:5300`, `[::1]:5300`. */
export function askAt(port: number): Ask {
  return async (address, question) => {
    const place = parsePlace(address, port);
    try {
      if (question.tcp) return answerOf(await overTcp(place, question));
      for (let tries = 1; ; tries++) {
        try {
          return await overUdp(place, question);
        } catch (error) {
          if (tries === UDP_TRIES) throw error;
        }
      }
    } catch (error) {
      return { error: phrase(error as NodeJS.ErrnoException) };
    }
  };
}

interface Place {
  readonly host: string;
  readonly port: number;
}

export function parsePlace(text: string, port: number): Place {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text);
  if (match === null) return { host: text, port };
  return { host: match[1] ?? match[2] ?? '', port: match[3] === undefined ? port : Number(match[3]) };
}

async function overUdp(place: Place, question: Question): Promise<Answer> {
  if (question.udpBytes !== undefined) return answerOf(await withOpt(place, question));
  const { host, port } = place;
  const socketType = net.isIPv6(host) ? 'udp6' : 'udp4';
  const client = dns2.UDPClient({ dns: host, port, socketType, timeout: TIME_LIMIT_MS, retryOverTCP: false });
  const packet = await client(question.name, question.type, Packet.CLASS.IN, {
    recursive: question.recursive === true,
  });
  return shape(packet, 0);
}

function answerOf(message: Buffer): Answer {
  return shape(Packet.parse(message), message.length);
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

function queryOf({ name, type, recursive, udpBytes }: Question): Buffer {
  const packet = new Packet();
  packet.header.id = Packet.uuid();
  packet.header.rd = recursive ? 1 : 0;
  packet.questions.push(new Packet.Question(name, Packet.TYPE[type], Packet.CLASS.IN));
  if (udpBytes !== undefined) {
    const opt = Packet.Resource.EDNS([]);
    opt.class = udpBytes;
    packet.additionals.push(opt);
  }
  return packet.toBuffer();
}

/** dns2's own client sends an OPT record only with a client subnet, so the socket is ours here. */
function withOpt({ host, port }: Place, question: Question): Promise<Buffer> {
  const query = queryOf(question);
  const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  return new Promise<Buffer>((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError()), TIME_LIMIT_MS);
    socket.on('error', reject);
    socket.on('message', (message) => {
      if (message.length >= 12 && message.readUInt16BE(0) === query.readUInt16BE(0)) resolve(message);
    });
    socket.on('close', () => clearTimeout(timer));
    // Connected, so that only this server's datagrams come in, and a refusal does.
    socket.connect(port, host, () => socket.send(query));
  }).finally(() => socket.close());
}

/** dns2's own client has no time limit over TCP, and takes no IPv6 address; its codec reads and writes. */
function overTcp({ host, port }: Place, question: Question): Promise<Buffer> {
  const query = queryOf(question);
  const socket = net.connect({ host, port });
  return new Promise<Buffer>((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError()), TIME_LIMIT_MS);
    socket.on('close', () => {
      clearTimeout(timer);
      reject(new Error('the connection was closed without an answer'));
    });
    socket.on('error', reject);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
    Packet.readStream(socket).then((message) => {
      if (message.length >= 12) resolve(message);
    }, reject);
  }).finally(() => socket.destroy());
}

class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT';
}

function phrase({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ETIMEDOUT') return `no answer within ${TIME_LIMIT_MS / 1000} s`;
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'EINVAL') return 'no way to that address from here';
  return message;
}
