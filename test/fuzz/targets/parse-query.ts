/** Queries: what is read of them, and the whole answer from a table that has something of everything. */
import type { Responder } from '../../../src/responder/answer.ts';
import { createRateLimit } from '../../../src/responder/rate-limit.ts';
import { Query } from '../../../src/wire/message.ts';
import { corpus, mutations } from '../../fixtures/mutate.ts';
import { makeTable } from '../../fixtures/table.ts';
import type { Draw, FuzzTarget } from '../fuzzer.ts';
import { mutateBytes } from '../mutations.ts';
import { judge, judgeAgreement } from './judge.ts';
import { generateQuery } from './queries.ts';
import { fillRichTable } from './rich-table.ts';

/** Fills memory that must be neither read nor written. */
const UNTOUCHED = 0xa5;
const UDP_MAX_BYTES = 1232;
const TCP_MAX_BYTES = 65535;
/** Where requests and replies stand in their memories: not at 0, as in a batch. */
const AT = 16;

/** All that can be told. */
const everything = {
  nsid: 'ns1',
  identity: 'ns1.example.test',
  version: 'Teal',
  cookieSecrets: [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)],
};
const oneEach = { responsesPerSecond: 1, slip: 1, ipv4PrefixLength: 24, ipv6PrefixLength: 56, exempt: [] };
const address = Uint8Array.of(192, 0, 2, 1);

export function makeParseQuery(): FuzzTarget {
  // The clock stands still, so that nearly every answer is above the limit.
  const limited = { ...everything, rateLimit: createRateLimit(oneEach, 1) };
  const demanding = { ...everything, cookiesRequired: true };
  const responders = [{}, everything, demanding, limited].map((options) => {
    const { table, responder } = makeTable({ responder: options });
    fillRichTable(table);
    return responder;
  });
  const checkParse = makeParseCheck();
  const bytes = new Uint8Array(2 * AT + TCP_MAX_BYTES);

  /** The reply, once nothing beside it was written; undefined: none. */
  const answer = (responder: Responder, input: Uint8Array, udp: boolean): Uint8Array | undefined => {
    const room = udp ? UDP_MAX_BYTES : TCP_MAX_BYTES;
    const request = surrounded(input, UNTOUCHED);
    bytes.fill(UNTOUCHED, 0, AT + room + AT);
    responder.client.set(address, 0, address.length);
    responder.enter(1_795_500_000_000);
    const length = responder.answer(request, AT, AT + input.length, bytes, AT, udp);
    responder.leave();
    if (!isUntouched(bytes, 0, AT) || !isUntouched(bytes, AT + room, AT + room + AT)) {
      throw new Error('bytes beside the reply were written');
    }
    if (Buffer.compare(request, surrounded(input, UNTOUCHED)) !== 0) throw new Error('the request was written to');
    return length === 0 ? undefined : bytes.subarray(AT, AT + length);
  };

  return {
    corpus,
    mutate(input: Uint8Array, draw: Draw): Uint8Array {
      if (draw(3) === 0) return generateQuery(draw);
      if (draw(2) === 0) return mutateBytes(input, draw);
      const kinds = Object.values(mutations);
      let packet: Buffer = Buffer.from(input);
      for (let left = 1 + draw(2); left > 0; left--) packet = kinds[draw(kinds.length)](packet, draw);
      return packet;
    },
    check(input: Uint8Array): void {
      checkParse(input);
      // Each input meets one of them, whichever its ID says.
      const responder = responders[(input[0] ?? 0) % responders.length];
      const overUdp = judge(input, answer(responder, input, true), true, UDP_MAX_BYTES);
      const overTcp = judge(input, answer(responder, input, false), false, UDP_MAX_BYTES);
      // One wants a cookie over UDP, another truncates: these two say the same by either way.
      if (responder === responders[0] || responder === responders[1]) judgeAgreement(overUdp, overTcp);
    },
  };
}

/** The input with other bytes before and behind it. */
function surrounded(input: Uint8Array, filler: number): Uint8Array {
  const memory = new Uint8Array(input.length + 2 * AT).fill(filler);
  memory.set(input, AT);
  return memory;
}

function isUntouched(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes.subarray(from, to).every((byte) => byte === UNTOUCHED);
}

/** Reads every query twice, with different bytes around it. */
function makeParseCheck(): (input: Uint8Array) => void {
  const queries = [0, UNTOUCHED].map((filler) => ({
    filler,
    query: new Query(new Uint8Array(256), new Uint8Array(129)),
  }));
  return (input) => {
    const [one, other] = queries.map(({ filler, query }) => {
      const result = query.parse(surrounded(input, filler), AT, AT + input.length);
      const { name, starts, ...fields } = query;
      return { name, starts, text: JSON.stringify([result, fields]) };
    }) as [Parsed, Parsed];
    const isSame =
      one.text === other.text &&
      Buffer.compare(one.name, other.name) === 0 &&
      Buffer.compare(one.starts, other.starts) === 0;
    if (!isSame) throw new Error('bytes beside the query were read');
  };
}

interface Parsed {
  readonly name: Uint8Array;
  readonly starts: Uint8Array;
  readonly text: string;
}
