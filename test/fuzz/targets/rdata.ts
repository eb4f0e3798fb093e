/** RDATA of every type: any text and any bytes are valid or refused, and what is valid survives the way to text. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TYPE } from '../../../src/wire/constants.ts';
import { Malformed } from '../../../src/wire/malformed.ts';
import { nameLength } from '../../../src/wire/name.ts';
import {
  compressibleNames,
  formatRdata,
  hostNames,
  lowerNames,
  parseRdata,
  rdataNames,
  validateRdata,
} from '../../../src/wire/rdata.ts';
import { opaqueOf, rdataOf } from '../../fixtures/rdata.ts';
import type { Draw, FuzzTarget } from '../fuzzer.ts';
import { mutateBytes } from '../mutations.ts';
import { mutateText } from './text-mutations.ts';

/** The type's number stands before the bytes of RDATA or of its text, and the byte between says which. */
const HEADER_BYTES = 3;
const WIRE = 0;
const TEXT = 1;

const types = [...Object.keys(rdataOf).map((mnemonic) => TYPE[mnemonic as keyof typeof TYPE]), 65280];
/** Of each type, in both forms. */
const SAMPLES = 4;

export function makeRdata(): FuzzTarget {
  const corpus = [...Object.entries(rdataOf), ...Object.entries(opaqueOf)].flatMap(([mnemonic, rdata]) => {
    const type = TYPE[mnemonic as keyof typeof TYPE];
    return fc
      .sample(rdata, { numRuns: SAMPLES, seed: type })
      .flatMap((bytes) => [makeInput(type, WIRE, bytes), makeInput(type, TEXT, Buffer.from(formatRdata(type, bytes)))]);
  });
  return { corpus, mutate, check };
}

function makeInput(type: number, form: number, content: Uint8Array): Uint8Array {
  return Uint8Array.from([type >> 8, type & 0xff, form, ...content]);
}

/** Other content, and now and then of another type. */
function mutate(input: Uint8Array, draw: Draw): Uint8Array {
  const [high, low, form] = input;
  const type = draw(16) === 0 ? types[draw(types.length)] : (high << 8) | low;
  const content = input.subarray(HEADER_BYTES);
  return makeInput(type, form, form === TEXT ? mutateText(content, draw) : mutateBytes(content, draw));
}

function check(input: Uint8Array): void {
  const type = (input[0] << 8) | input[1];
  const content = input.subarray(HEADER_BYTES);
  if (input[2] === TEXT) checkText(type, Buffer.from(content).toString());
  else checkWire(type, content);
}

function checkText(type: number, text: string): void {
  const rdata = parseRdata(type, text);
  if (rdata instanceof Malformed) {
    assert.ok(rdata.reason.length > 0 && rdata.reason.length < 2000, rdata.reason);
    assert.ok(rdata.at >= 0 && rdata.at <= Buffer.byteLength(text), `at ${rdata.at}`);
  } else {
    assert.equal(validateRdata(type, rdata)?.reason, undefined);
    checkWire(type, rdata);
  }
}

function checkWire(type: number, rdata: Uint8Array): void {
  const refused = validateRdata(type, rdata);
  const text = formatRdata(type, rdata);
  assert.match(text, /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/);
  const back = parseRdata(type, text);
  if (refused) {
    assert.match(text, /^\\# \d/);
    assert.ok(back instanceof Malformed);
    return;
  }
  assert.deepEqual(back instanceof Malformed ? back.reason : Buffer.from(back), Buffer.from(rdata));
  for (const offset of [...compressibleNames(type, rdata), ...hostNames(type, rdata), ...rdataNames(type, rdata)])
    assert.ok(nameLength(rdata, offset) > 0);
  assert.equal(lowerNames(type, rdata).length, rdata.length);
}
