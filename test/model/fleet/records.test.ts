/** What stands under the keys of a fleet is read back, and what somebody else put there is refused with words. */
import fc from 'fast-check';
import t from 'tap';
import {
  bytesOf,
  encodeMember,
  encodeRevision,
  parseMember,
  parseRecord,
  parseRevision,
  textOf,
  Unreadable,
} from '../../../src/model/fleet/records.ts';
import { runs } from '../../fixtures/runs.ts';

const words = (parsed: unknown): string | undefined => (parsed instanceof Unreadable ? parsed.words : undefined);

t.test('revisions', async (t) => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (revision) => parseRevision(encodeRevision(revision)) === revision),
    { numRuns: runs(100) },
  );
  for (const bad of [
    '',
    ' 1',
    '1 ',
    '01',
    '-1',
    '1.0',
    '1e3',
    '0x1',
    '9007199254740992',
    '9'.repeat(5000),
    '\ufeff1',
  ]) {
    t.match(words(parseRevision(bytesOf(bad))), /whole number/, JSON.stringify(bad.slice(0, 20)));
  }
  t.match(words(parseRevision(new Uint8Array([0xff]))), /whole number/);
});

t.test('members', async (t) => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
  const member = fc.record({
    state: fc.constantFrom('live' as const, 'out' as const),
    incarnation: text,
    version: text,
  });
  fc.assert(
    fc.property(member, (each) => JSON.stringify(parseMember(encodeMember(each))) === JSON.stringify(each)),
    { numRuns: runs(100) },
  );
  const taken = { state: 'live', incarnation: 'a', version: '1', isTaken: true } as const;
  t.same(parseMember(encodeMember(taken)), taken);
  const good = { form: 1, state: 'live', incarnation: 'a', version: '1' };
  const cases: readonly [object | string, RegExp][] = [
    ['', /no JSON object/],
    ['{', /no JSON object/],
    ['[]', /no JSON object/],
    ['null', /no JSON object/],
    ['"live"', /no JSON object/],
    [{ ...good, form: 2 }, /form 2, which only a newer Teal reads/],
    [{ ...good, form: '1' }, /has not form 1/],
    [{ ...good, form: undefined }, /has not form 1/],
    [{ ...good, state: 'LIVE' }, /neither live nor out/],
    [{ ...good, incarnation: '' }, /incarnation/],
    [{ ...good, incarnation: 7 }, /incarnation/],
    [{ ...good, version: 'x'.repeat(201) }, /version/],
    [{ ...good, more: 'x'.repeat(5000) }, /bytes, more than/],
  ];
  for (const [value, expected] of cases) {
    const bytes = bytesOf(typeof value === 'string' ? value : JSON.stringify(value));
    t.match(words(parseMember(bytes)), expected, JSON.stringify(value).slice(0, 60));
  }
  t.match(words(parseMember(new Uint8Array([0x7b, 0xff]))), /not UTF-8/);
});

t.test('whatever bytes stand there, they are read or refused', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
      for (const parsed of [parseRevision(bytes), parseMember(bytes), parseRecord(bytes)]) {
        if (parsed instanceof Unreadable && parsed.words === '') throw new Error('no words');
      }
      textOf(bytes);
    }),
    { numRuns: runs(100) },
  );
});
