/** Whether a server's answers are right: asked one by one, before and after each timing. */
import { type Reply, UdpClient } from '../../test/fixtures/dns-client.ts';
import {
  answersTo,
  blueAddress,
  type Edns,
  greenAddress,
  HOSTS,
  hostAddress,
  type Kind,
  learnCookie,
  type Question,
  queryBytes,
  questions,
  WEIGHTS,
  type ZoneSize,
} from '../workload.ts';
import type { Peer } from './peer.ts';

const SAMPLES = 400;
const A = 1;
const RRSIG = 46;
const NSEC = 47;
/** Blue's share among the samples of a weighted name; ten standard deviations to either side. */
const SHARE_TOLERANCE = 0.24;

interface Asked {
  /** Default: loopback. */
  readonly address?: string;
  readonly port: number;
  readonly peer: Peer;
  /** To ask from; any, where it does not matter. */
  readonly localPort?: number;
}

/** The first thing that is wrong, or undefined. Baselines are no nameservers: only their answers are counted. */
export async function check(
  { address = '127.0.0.1', port, peer, localPort }: Asked,
  kind: Kind,
  edns: Edns,
  size: ZoneSize,
): Promise<string | undefined> {
  const cookie = await learnCookie(port, edns);
  const client = await UdpClient.open(address, port, localPort === undefined ? {} : { localPort });
  const blue: Blue = { answers: 0, of: 0 };
  try {
    for (const question of questions(kind, size, SAMPLES, 3)) {
      const reply = await client.ask(queryBytes(question, edns, cookie), 2000);
      const fault = peer.isBaseline ? countFault(question, reply, edns) : serverFault(question, reply, edns, blue);
      if (fault !== undefined) return `${question.name} type ${question.type}: ${fault}`;
    }
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.close();
  }
  const expected = WEIGHTS.blue / (WEIGHTS.blue + WEIGHTS.green);
  // A mixture has fewer weighted names; half of the samples are enough to judge by.
  if (blue.of >= SAMPLES / 2 && Math.abs(blue.answers / blue.of - expected) > SHARE_TOLERANCE) {
    return `${blue.answers} of ${blue.of} answers from the pool of weight ${WEIGHTS.blue} in ${WEIGHTS.blue + WEIGHTS.green}`;
  }
  return undefined;
}

type Blue = { answers: number; of: number };

function serverFault(question: Question, reply: Reply, edns: Edns, blue: Blue): string | undefined {
  return frameFault(question, reply, edns) ?? countFault(question, reply, edns) ?? recordFault(question, reply, blue);
}

function countFault(question: Question, reply: Reply, edns: Edns): string | undefined {
  const right = answersTo(question, edns);
  if (reply.answers.length !== right) return `${reply.answers.length} answers, not ${right}`;
  if (edns !== 'do') return undefined;
  const signed = (question.answers > 0 ? reply.answers : reply.authority).some(({ type }) => type === RRSIG);
  const proved = question.answers > 0 || reply.authority.some(({ type }) => type === NSEC);
  return signed && proved ? undefined : 'not signed, or not proved';
}

function frameFault(question: Question, reply: Reply, edns: Edns): string | undefined {
  if (reply.rcode !== question.rcode) return `rcode ${reply.rcode}, not ${question.rcode}`;
  if (!reply.aa) return 'not authoritative';
  if ((reply.edns !== undefined) !== (edns !== 'plain')) return 'OPT in one of query and answer only (RFC 6891 §6.1.1)';
  if (question.answers === 0 && reply.authority.length === 0) return 'a denial without SOA';
  // Nameservers and their addresses beside an answer cost the server that adds them, and nobody has asked for them.
  const beside = [...reply.authority, ...reply.additional].filter(({ type }) => type !== RRSIG);
  if (question.answers > 0 && question.type === A && beside.length > 0) return 'more records than the answer';
  return undefined;
}

function recordFault(question: Question, reply: Reply, blue: Blue): string | undefined {
  const [record] = reply.answers;
  const number = Number(/^[sch](\d+)\./.exec(question.name)?.[1] ?? Number.NaN);
  if (record === undefined || Number.isNaN(number)) return undefined;
  const data = record.data.replace(/\.$/, '');
  const right = allowed(question.name, number);
  if (!right.includes(data)) return `${data}, not ${right.join(' or ')}`;
  if (right.length === 1) return undefined;
  blue.of++;
  if (data === right[0]) blue.answers++;
  return undefined;
}

function allowed(name: string, number: number): readonly string[] {
  if (name.startsWith('h')) return [hostAddress(number)];
  return name.startsWith('s') ? [blueAddress(number), greenAddress(number)] : [HOSTS.blue, HOSTS.green];
}
