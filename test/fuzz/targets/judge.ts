/** What must hold for the reply to any bytes at all, told from the bytes alone. */
import { decode, type Reply } from '../../fixtures/dns-client.ts';

const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const;
const expectedRcodes: readonly number[] = Object.values(RCODE);
const SOA = 6;
/** RFC 1035 §4.2.1 */
const UDP_CLASSIC_BYTES = 512;

/** The reply, decoded; throws where it breaks a rule. `udpMaxBytes`: the server's own limit. */
export function judge(
  query: Uint8Array,
  reply: Uint8Array | undefined,
  udp: boolean,
  udpMaxBytes: number,
): Reply | undefined {
  const isResponse = query.length >= 12 && (query[2] & 0x80) !== 0;
  if (query.length < 12 || isResponse) {
    // Answering responses would let two servers talk to each other for ever.
    if (reply !== undefined) throw new Error(`a reply to ${isResponse ? 'a response' : 'less than a header'}`);
    return undefined;
  }
  if (reply === undefined) throw new Error('no reply to a query');
  const decoded = decode(reply);
  judgeHeader(query, decoded);
  judgeQuestion(query, decoded);
  const limit = udp ? udpLimit(query, decoded, udpMaxBytes) : 65535;
  if (reply.length > limit) throw new Error(`${reply.length} bytes where ${limit} are allowed`);
  if (!udp && decoded.tc) throw new Error('truncated over TCP');
  if (decoded.rcode === RCODE.NXDOMAIN && !decoded.tc && !decoded.authority.some(({ type }) => type === SOA)) {
    throw new Error('NXDOMAIN without SOA (RFC 2308 §3)');
  }
  return decoded;
}

/** The same query over UDP and TCP gets the same answer, unless that did not fit: only the additional data may differ. */
export function judgeAgreement(overUdp: Reply | undefined, overTcp: Reply | undefined): void {
  if (overUdp === undefined || overTcp === undefined || overUdp.tc) return;
  const texts = (reply: Reply): string => {
    const section = (records: Reply['answers']): string[] => records.map((record) => JSON.stringify(record)).sort();
    return [reply.rcode, reply.aa, ...section(reply.answers), '--', ...section(reply.authority)].join('\n');
  };
  if (texts(overUdp) !== texts(overTcp)) throw new Error(`over UDP\n${texts(overUdp)}\nover TCP\n${texts(overTcp)}`);
}

function judgeHeader(query: Uint8Array, reply: Reply): void {
  const flags = (query[2] << 8) | query[3];
  if (reply.id !== ((query[0] << 8) | query[1])) throw new Error(`another ID: ${reply.id}`);
  if (!reply.qr) throw new Error('a reply without QR');
  if (reply.opcode !== ((flags >> 11) & 0xf)) throw new Error(`another opcode: ${reply.opcode}`);
  if (reply.rd !== ((flags & 0x0100) !== 0)) throw new Error('RD is not copied (RFC 1035 §4.1.1)');
  if (reply.ra) throw new Error('RA from an authoritative server');
  if (!expectedRcodes.includes(reply.rcode)) throw new Error(`RCODE ${reply.rcode}`);
}

/** The question comes back byte for byte, its case included; only what could not be read may be left out. */
function judgeQuestion(query: Uint8Array, { bytes, question, rcode }: Reply): void {
  if (question.length === 0) {
    // Without a question one may ask for a cookie (RFC 7873 §5.4).
    const asksNothing = query[4] === 0 && query[5] === 0;
    if (asksNothing || rcode === RCODE.FORMERR || rcode === RCODE.NOTIMP) return;
    throw new Error(`no question in a reply with RCODE ${rcode}`);
  }
  let end = 12;
  while (bytes[end] !== 0) end += 1 + bytes[end];
  end += 5;
  if (question.length > 1 || Buffer.compare(bytes.subarray(12, end), query.subarray(12, end)) !== 0) {
    throw new Error('another question than was asked');
  }
}

/** What a UDP reply may be, bytes. Where the query is damaged, what the reply itself makes of its EDNS counts. */
function udpLimit(query: Uint8Array, reply: Reply, udpMaxBytes: number): number {
  const edns = reply.edns === undefined ? undefined : ednsOf(query);
  if (reply.edns === undefined) return UDP_CLASSIC_BYTES;
  // RFC 6891 §6.2.3: less than 512 means 512.
  return edns === undefined ? udpMaxBytes : Math.min(udpMaxBytes, Math.max(UDP_CLASSIC_BYTES, edns.udpBytes));
}

function ednsOf(query: Uint8Array): Reply['edns'] {
  try {
    return decode(query).edns;
  } catch {
    return undefined;
  }
}
