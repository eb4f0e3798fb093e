/** Queries: what is read of them, and the whole answer from a table that has something of everything. */
import assert from 'node:assert/strict';
import { Query } from '../../../src/wire/message.ts';
import { corpus, mutations } from '../../fixtures/mutate.ts';
import { makeTable } from '../../fixtures/table.ts';
import type { Draw, FuzzTarget } from '../fuzzer.ts';
import { mutateBytes } from '../mutations.ts';
import { judge } from './judge.ts';
import { generateQuery } from './queries.ts';
import { fillRichTable } from './rich-table.ts';

/** Fills memory that must be neither read nor written. */
const UNTOUCHED = 0xa5;
const UDP_MAX_BYTES = 1232;
const TCP_MAX_BYTES = 65535;
/** Where requests and replies stand in their memories: not at 0, as in a batch. */
const AT = 64;

export function makeParseQuery(): FuzzTarget {
  const { table, responder } = makeTable();
  fillRichTable(table);
  const bytes = new Uint8Array(2 * AT + TCP_MAX_BYTES);

  /** The reply, once nothing beside it was written; undefined: none. */
  const answer = (input: Uint8Array, udp: boolean): Uint8Array | undefined => {
    const room = udp ? UDP_MAX_BYTES : TCP_MAX_BYTES;
    const request = surrounded(input, UNTOUCHED);
    bytes.fill(UNTOUCHED, 0, AT + room + AT);
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
      for (const udp of [true, false]) judge(input, answer(input, udp), udp, UDP_MAX_BYTES);
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
  for (let i = from; i < to; i++) if (bytes[i] !== UNTOUCHED) return false;
  return true;
}

/** Throws where what is read of a query depends on what stands before or behind it in memory. */
function checkParse(input: Uint8Array): void {
  const [one, other] = [0, UNTOUCHED].map((filler) => {
    const query = new Query(new Uint8Array(256), new Uint8Array(129));
    const result = query.parse(surrounded(input, filler), AT, AT + input.length);
    const { edns, name, starts, ...fields } = query;
    return { result, ...fields, edns: { ...edns }, name: name.join(), starts: starts.join() };
  });
  assert.deepEqual(one, other, 'bytes beside the query were read');
}
