/** What is signed, for anything: one encoding whatever order and case it came in, and back again. */
import fc from 'fast-check';
import t from 'tap';
import { ByteWriter } from '../../../src/wire/byte-writer.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import { appendCanonical, compareRdata } from '../../../src/wire/dnssec/canonical.ts';
import {
  bitmapOf,
  hashLabel,
  nsec3ParamRdata,
  nsec3Rdata,
  nsecRdata,
  typesOf,
} from '../../../src/wire/dnssec/denial.ts';
import { appendSignatureFields, readSignature, signedLabels } from '../../../src/wire/dnssec/rrsig.ts';
import { parseName } from '../../../src/wire/name.ts';
import { formatRdata, validateRdata } from '../../../src/wire/rdata.ts';
import { runs } from '../../fixtures/runs.ts';

const wire = (text: string): Uint8Array => parseName(text) as Uint8Array;
const owner = wire('www.example.test');
const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });

function canonical(type: number, rdata: readonly Uint8Array[]): string {
  const out = new ByteWriter();
  appendCanonical(out, owner, type, 300, rdata);
  return Buffer.from(out.slice()).toString('hex');
}

t.test('an RRset in any order, with records twice, is one sequence of bytes', async (t) => {
  const sets = fc.array(bytes, { minLength: 1, maxLength: 8 });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(sets, fc.nat(), (set, turn) => {
        const turned = set.map((_, at) => set[(at + turn) % set.length] as Uint8Array);
        return canonical(TYPE.TXT, set) === canonical(TYPE.TXT, [...turned, ...set]);
      }),
      { numRuns: runs(100) },
    ),
  );
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(bytes, bytes, (a, b) => Math.sign(compareRdata(a, b)) === Buffer.compare(a, b)),
      { numRuns: runs(100) },
    ),
  );
  t.not(canonical(TYPE.TXT, [Uint8Array.of(1)]), canonical(TYPE.TXT, [Uint8Array.of(2)]));
});

t.test('names are lowered in the types that RFC 6840 §5.1 leaves, and in no other', async (t) => {
  t.equal(canonical(TYPE.NS, [wire('NS1.Example')]), canonical(TYPE.NS, [wire('ns1.example')]));
  const next = (text: string): string => canonical(TYPE.NSEC, [nsecRdata(wire(text), [TYPE.A])]);
  t.not(next('NS1.Example'), next('ns1.example'), 'not in NSEC');
  const service = (text: string): string => canonical(TYPE.SVCB, [Uint8Array.of(0, 1, ...wire(text))]);
  t.not(service('NS1.Example'), service('ns1.example'), 'not in SVCB (RFC 9460 §2.2)');
});

t.test('a bitmap says the types that it was made of', async (t) => {
  const types = fc.uniqueArray(fc.integer({ min: 1, max: 0xffff }), { maxLength: 30 });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(types, (set) => {
        const bitmap = bitmapOf(set);
        const isValid = validateRdata(TYPE.NSEC, nsecRdata(wire('a.test'), set)) === undefined;
        const sorted = set.toSorted((a, b) => a - b);
        return isValid && JSON.stringify(typesOf(bitmap, 0, bitmap.length)) === JSON.stringify(sorted);
      }),
      { numRuns: runs(100) },
    ),
  );
});

t.test('the fields of a signature are read as they were written', async (t) => {
  const number = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
  const fields = fc.record({
    typeCovered: number(0xffff),
    algorithm: number(255),
    labels: number(127),
    originalTtlSeconds: number(2 ** 31 - 1),
    expiration: number(2 ** 32 - 1),
    inception: number(2 ** 32 - 1),
    keyTag: number(0xffff),
    signer: fc.constantFrom(wire('.'), wire('example.test')),
  });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fields, bytes, (given, signature) => {
        const out = new ByteWriter();
        appendSignatureFields(out, given);
        out.append(signature);
        t.strictSame({ ...readSignature(out.slice()) }, { ...given, signature });
      }),
      { numRuns: runs(50) },
    ),
  );
  t.equal(signedLabels(wire('*.example.test')), 2);
  t.equal(signedLabels(wire('*.*.test')), 2, 'only the first label is a wildcard');
  t.equal(signedLabels(wire('.')), 0);
});

t.test('a hash is written as NSEC3 shows it', async (t) => {
  const digests = fc.uint8Array({ minLength: 20, maxLength: 20 });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(digests, (digest) => {
        const text = formatRdata(TYPE.NSEC3, nsec3Rdata(digest, [TYPE.A, TYPE.RRSIG]));
        return text === `1 0 0 - ${hashLabel(digest)} A RRSIG`;
      }),
      { numRuns: runs(100) },
    ),
  );
  t.equal(formatRdata(TYPE.NSEC3PARAM, nsec3ParamRdata()), '1 0 0 -');
});
