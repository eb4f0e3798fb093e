/** A nameserver of a parent zone, for the doctor: it answers from a few lines, over UDP, on an address of loopback. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { Packet, type Resource } from 'dns2';

export interface Rule {
  readonly name: string;
  readonly type: 'NS' | 'A' | 'AAAA' | 'SOA';
  readonly rcode?: number;
  readonly answers?: readonly string[];
  /** `owner NS host` or `owner A address` a line. */
  readonly authorities?: readonly string[];
  readonly additionals?: readonly string[];
}

/** Answers what a rule is for; NXDOMAIN for everything else. */
export async function startFakeServer(
  address: string,
  port: number,
  rules: readonly Rule[],
): Promise<{ port: number; asked: string[]; close(): void }> {
  const socket = dgram.createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (message, { address, port }) => {
    const query = Packet.parse(message);
    const { name, type } = query.questions[0] as { name: string; type: number };
    const typeName = Object.entries(Packet.TYPE).find(([, code]) => code === type)?.[0] ?? '';
    asked.push(`${name} ${typeName}`);
    const rule = rules.find((one) => one.name === name.toLowerCase() && one.type === typeName);
    const reply = Packet.createResponseFromRequest(query);
    reply.header.rcode = rule === undefined ? 3 : (rule.rcode ?? 0);
    reply.answers = (rule?.answers ?? []).map(record);
    reply.authorities = (rule?.authorities ?? []).map(record);
    reply.additionals = (rule?.additionals ?? []).map(record);
    socket.send(reply.toBuffer(), port, address);
  });
  socket.bind(port, address);
  await once(socket, 'listening');
  return { port: socket.address().port, asked, close: () => socket.close() };
}

function record(text: string): Resource {
  const [name, type, data] = text.split(' ') as [string, 'NS' | 'A' | 'AAAA', string];
  const made = { name, type: Packet.TYPE[type], class: Packet.CLASS.IN, ttl: 300 };
  return (type === 'NS' ? { ...made, ns: data } : { ...made, address: data }) as Resource;
}
