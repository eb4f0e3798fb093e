/** The workers' hash of names is that of node:crypto, whatever the lengths, and makes nothing. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { NameDigest } from '../../../src/table/proofs/digest.ts';
import { hashLabel } from '../../../src/wire/dnssec/denial.ts';
import { runs } from '../../fixtures/runs.ts';

function expected(name: Uint8Array, iterations: number, salt: Uint8Array): Buffer {
  const sha1 = (bytes: Uint8Array): Buffer => createHash('sha1').update(bytes).update(salt).digest();
  let digest = sha1(name);
  for (let i = 0; i < iterations; i++) digest = sha1(digest);
  return digest;
}

function labelOf(digest: NameDigest): string {
  return Buffer.from(digest.label.subarray(1, 33)).toString('latin1');
}

t.test('RFC 5155 appendix A', async (t) => {
  const digest = new NameDigest();
  const salt = Buffer.from('aabbccdd', 'hex');
  digest.use(12, salt, 0, salt.length);
  const of = (...labels: string[]): string => {
    const name = Buffer.concat([...labels.map((l) => Buffer.from(String.fromCharCode(l.length) + l)), Buffer.of(0)]);
    digest.hash(name, 0, name.length);
    return labelOf(digest);
  };
  t.equal(of('example'), '0p9mhaveqvm6t7vbl5lop2u3t2rp3tom');
  t.equal(of('a', 'example'), '35mthgpgcu1qg68fab165klnsnk3dpvl');
  t.equal(of('*', 'w', 'example'), 'r53bq7cc2uvmubfu5ocmm6pers9tk9en');
  t.same([digest.label[0], digest.label[33]], [32, 0]);
});

t.test('any name, any salt, up to the iterations that are taken', async (t) => {
  const digest = new NameDigest();
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
  const property = fc.property(bytes(255), bytes(255), fc.nat(150), fc.nat(9), (name, salt, iterations, before) => {
    digest.use(iterations, Buffer.concat([Buffer.alloc(before, 7), salt]), before, salt.length);
    digest.hash(Buffer.concat([Buffer.alloc(before, 9), name]), before, before + name.length);
    const wanted = expected(name, iterations, salt);
    return Buffer.compare(digest.bytes, wanted) === 0 && labelOf(digest) === hashLabel(wanted);
  });
  fc.assert(property, { numRuns: runs(300) });
  // Each length on its own: the padding has its borders at 55 and 64 bytes.
  digest.useNothing();
  for (let length = 0; length <= 255; length++) {
    const name = Buffer.alloc(length, length);
    digest.hash(name, 0, length);
    t.same(Buffer.from(digest.bytes), expected(name, 0, Buffer.of()), `${length} bytes`);
  }
});
