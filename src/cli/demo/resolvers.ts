/** Resolvers with clients behind them: each asks the server, keeps the answer for its TTL, and asks again when a client comes. */
import dgram from 'node:dgram';
import { Packet } from 'dns2';

/** How often a client comes to a resolver, about. */
const CLIENT_MS = 150;
const ID_MAX = 65_535;

interface Held {
  readonly pool: string;
  /** By the clock of performance.now(). */
  readonly untilMs: number;
}

export interface Resolvers {
  /** The pool that each one gives to its clients now; undefined: it holds nothing. */
  readonly held: () => readonly (string | undefined)[];
  stop(): void;
}

interface Asked {
  readonly name: string;
  readonly server: { readonly address: string; readonly port: number };
  readonly count: number;
  /** Pools by their address. */
  readonly pools: Readonly<Record<string, string>>;
}

export function startResolvers({ name, server, count, pools }: Asked): Resolvers {
  const all = Array.from({ length: count }, () => {
    let held: Held | undefined;
    const socket = dgram.createSocket('udp4');
    socket.on('message', (message) => {
      const { answers } = Packet.parse(message) as { answers: { address?: string; ttl?: number }[] };
      const pool = pools[answers[0]?.address ?? ''];
      if (pool !== undefined) held = { pool, untilMs: performance.now() + (answers[0]?.ttl ?? 0) * 1000 };
    });
    // One that is lost is asked again for the next client.
    socket.on('error', () => {});
    const timer = setInterval(
      () => {
        if (held !== undefined && held.untilMs > performance.now()) return;
        socket.send(queryOf(name), server.port, server.address);
      },
      CLIENT_MS + Math.random() * CLIENT_MS,
    );
    return { look: () => held, socket, timer };
  });
  return {
    held() {
      const now = performance.now();
      return all.map(({ look }) => {
        const held = look();
        return held !== undefined && held.untilMs > now ? held.pool : undefined;
      });
    },
    stop() {
      for (const { socket, timer } of all) {
        clearInterval(timer);
        socket.close();
      }
    },
  };
}

function queryOf(name: string): Buffer {
  const packet = new Packet();
  packet.header.id = Math.floor(Math.random() * ID_MAX);
  packet.header.rd = 0;
  packet.questions.push(new Packet.Question(name, Packet.TYPE.A, Packet.CLASS.IN));
  return packet.toBuffer();
}
