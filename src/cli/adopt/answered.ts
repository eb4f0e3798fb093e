/** What another nameserver answers for a name, as targets of a pool. Bytes of strangers are checked before they are read. */
import { Packet, type Resource } from 'dns2';
import { type Answer, type Ask, askAt, type NoAnswer, parseHostPort, type Question } from '../../asking/ask.ts';
import { EXIT } from '../exit.ts';
import { Failure } from '../failure.ts';

export interface Answered {
  readonly targets: readonly string[];
  readonly ttlSeconds: number;
  readonly warnings: readonly string[];
}

const DNS_PORT = 53;
const NXDOMAIN = 3;

const PORT_MAX = 65_535;

/** Asks for A and AAAA; a CNAME is what there is where one stands at the name. Throws Failure. */
export async function askNameserver(name: string, address: string, ask: Ask = askAt(DNS_PORT)): Promise<Answered> {
  const { port } = parseHostPort(address, DNS_PORT);
  if (port < 1 || port > PORT_MAX)
    throw new Failure(EXIT.USAGE, `--from: expected a port from 1 to ${PORT_MAX}, found ${port} in ${address}`);
  const owner = plain(name);
  const found: Resource[] = [];
  const warnings = new Set<string>();
  for (const type of ['A', 'AAAA'] as const) {
    const answer = await askWhole(ask, address, { name: owner, type });
    if ('error' in answer) throw new Failure(EXIT.UNAVAILABLE, `${address}: ${answer.error}`);
    if (answer.rcode === NXDOMAIN) throw refused(address, `it says that there is no name ${owner}`);
    if (answer.rcode !== 0) throw refused(address, `it answers with RCODE ${answer.rcode} for ${owner} ${type}`);
    if (!answer.isAuthoritative) {
      warnings.add(`${address} is not authoritative for ${owner}: its TTLs count down, so look at the one shown`);
    }
    found.push(...answer.answers.filter((record) => plain(record.name) === owner));
  }
  const alias = found.find(({ type }) => type === Packet.TYPE.CNAME);
  if (alias !== undefined)
    return { targets: [plain(String(alias.domain))], ttlSeconds: alias.ttl, warnings: [...warnings] };
  const addresses = found.filter(({ type }) => type === Packet.TYPE.A || type === Packet.TYPE.AAAA);
  if (addresses.length === 0) throw refused(address, `it has no A, AAAA or CNAME records for ${owner}`);
  const targets = [...new Set(addresses.map((record) => String(record.address)))];
  return { targets, ttlSeconds: Math.min(...addresses.map(({ ttl }) => ttl)), warnings: [...warnings] };
}

/** What does not fit into a datagram is asked for again (RFC 1035 §4.2.1, RFC 7766 §5). */
async function askWhole(ask: Ask, address: string, question: Question): Promise<Answer | NoAnswer> {
  const answer = await ask(address, question);
  return 'error' in answer || !answer.isTruncated ? answer : ask(address, { ...question, tcp: true });
}

function refused(address: string, why: string): Failure {
  return new Failure(EXIT.REFUSED, `${address}: ${why}`);
}

function plain(name: string): string {
  return name.toLowerCase().replace(/(?<=[^\\])\.$/, '');
}
