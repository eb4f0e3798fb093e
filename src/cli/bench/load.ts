/** A small load over UDP: each socket keeps a number of queries under way and sends the next when an answer comes. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { Packet } from 'dns2';
import { parseHostPort } from '../../asking/ask.ts';
import { checkReply } from '../../asking/check.ts';

interface LoadOptions {
  readonly name: string;
  readonly dns: string;
  readonly seconds: number;
  readonly clients: number;
  /** Queries that each client has under way. */
  readonly window: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

export interface Measurement {
  readonly seconds: number;
  readonly sent: number;
  readonly replies: number;
  /** Without an answer within the time limit of a query. */
  readonly lost: number;
  readonly truncated: number;
  /** From sending to reading, by this process, its own queues included. */
  readonly microseconds: { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };
  /** How much of one core this process used, 0 to 1 and above. */
  readonly cpuShare: number;
  /** How often each answer came, of those that were looked into. */
  readonly answers: Readonly<Record<string, number>>;
}

/** A query that is not answered so long is lost, and its slot is free for another. */
const LOST_MS = 1000;
/** Parsing costs more than asking, so one answer in so many is looked into. */
const LOOKED_INTO = 16;
/** Enough waits for a steady 99th percentile, and a bounded memory. */
const WAITS_MAX = 1_000_000;

export async function measure(options: LoadOptions): Promise<Measurement> {
  const tally = new Tally();
  const clients = await Promise.all(Array.from({ length: options.clients }, () => openClient(options, tally)));
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  for (const client of clients) client.start();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, options.seconds * 1000);
    options.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  for (const client of clients) client.stop();
  return { seconds, cpuShare: (user + system) / 1e6 / seconds, ...tally.result() };
}

class Tally {
  sent = 0;
  replies = 0;
  lost = 0;
  truncated = 0;
  readonly #waits: number[] = [];
  readonly #answers = new Map<string, number>();

  add(message: Buffer, waitedMs: number): void {
    this.replies += 1;
    if (this.#waits.length < WAITS_MAX) this.#waits.push(waitedMs);
    if (message.length > 2 && (message[2] & 0x02) !== 0) this.truncated += 1;
    if (this.replies % LOOKED_INTO === 1) {
      const key = answerKey(message);
      this.#answers.set(key, (this.#answers.get(key) ?? 0) + 1);
    }
  }

  result(): Omit<Measurement, 'seconds' | 'cpuShare'> {
    const sorted = this.#waits.sort((a, b) => a - b);
    const at = (part: number): number =>
      Math.round((sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? 0) * 1000);
    const { sent, replies, lost, truncated } = this;
    const microseconds = { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
    return { sent, replies, lost, truncated, microseconds, answers: Object.fromEntries([...this.#answers].sort()) };
  }
}

function answerKey(message: Buffer): string {
  const checked = checkReply(message);
  if (typeof checked === 'string') return `an answer that ${checked}`;
  const { header, answers } = Packet.parse(checked.message);
  if (header.rcode !== 0) return `rcode ${header.rcode}`;
  const texts = answers.map(({ address, domain }) => address ?? domain ?? '?').sort();
  return texts.join(' ') || (header.tc ? 'nothing, cut' : 'nothing');
}

async function openClient({ name, dns, window }: LoadOptions, tally: Tally): Promise<{ start(): void; stop(): void }> {
  const { host, port } = parseHostPort(dns, 53);
  const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  socket.connect(port, host);
  await once(socket, 'connect');
  const query = new Packet();
  query.questions.push(new Packet.Question(name, Packet.TYPE.A, Packet.CLASS.IN));
  const template = query.toBuffer();
  // The id is the slot in the window and a round, so that an answer that comes too late is told apart.
  const sentAt = new Float64Array(window);
  const rounds = new Uint16Array(window);
  const send = (slot: number): void => {
    rounds[slot] = (rounds[slot] + 1) & 0xff;
    const message = Buffer.from(template);
    message.writeUInt16BE((rounds[slot] << 8) | slot, 0);
    sentAt[slot] = performance.now();
    tally.sent += 1;
    socket.send(message);
  };
  socket.on('message', (message) => {
    const id = message.length >= 12 ? message.readUInt16BE(0) : -1;
    const slot = id & 0xff;
    if (id < 0 || slot >= window || rounds[slot] !== id >> 8) return;
    tally.add(message, performance.now() - sentAt[slot]);
    send(slot);
  });
  // A refused port is told to the next send; the query counts as lost.
  socket.on('error', () => {});
  const sweep = setInterval(() => {
    for (let slot = 0; slot < window; slot++) {
      if (performance.now() - sentAt[slot] < LOST_MS) continue;
      tally.lost += 1;
      send(slot);
    }
  }, LOST_MS / 4);
  return {
    start: () => {
      for (let slot = 0; slot < window; slot++) send(slot);
    },
    stop: () => {
      clearInterval(sweep);
      socket.close();
    },
  };
}
