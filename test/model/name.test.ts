/** Canonical names: one spelling a name, and relations between names that go by whole labels. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Problem } from '../../src/model/errors.ts';
import {
  canonicalName,
  checkOwnerName,
  isAtOrBelow,
  isHostName,
  nameToWire,
  parentOf,
  suffixesOf,
  wireToName,
} from '../../src/model/name.ts';
import { labelCount } from '../../src/wire/name.ts';
import { runs } from '../fixtures/runs.ts';

function canonical(text: string): string {
  const name = canonicalName(text);
  if (name instanceof Problem) throw new Error(name.detail);
  return name;
}

/** Names of up to four labels with awkward bytes: dots, backslashes, digits, upper case. */
const awkwardName = fc
  .array(fc.array(fc.constantFrom(0x2e, 0x5c, 0x30, 0x41, 0x61, 0x2a, 0x00, 0xff), { minLength: 1, maxLength: 3 }), {
    maxLength: 4,
  })
  .map((labels) => Uint8Array.from([...labels.flatMap((label) => [label.length, ...label]), 0]));

t.test('every way to write a name ends in one', async (t) => {
  for (const text of [
    'WWW.Example.COM',
    'www.example.com.',
    'w\\ww.exAmple.com',
    '\\119ww.example.com',
    '\\087ww.example.com',
  ]) {
    t.equal(canonical(text), 'www.example.com');
  }
  t.equal(canonical('.'), '');
  t.equal(canonical(''), '');
  t.equal(canonical('*.Example'), '*.example');
  t.equal(canonical('a\\.b\\032c.d'), 'a\\.b\\032c.d');
  t.equal(canonical('\\046.\\092'), '\\..\\\\');
});

t.test('bad names are a Problem with a code and a sentence', async (t) => {
  for (const text of ['a..b', 'bücher.example', 'a b', 'x'.repeat(64), '@', Array(200).fill('a').join('.')]) {
    const problem = canonicalName(text);
    t.ok(problem instanceof Problem);
    t.match(problem, { code: 'name_invalid', detail: /^Not a domain name: .*\.$/ });
  }
});

t.test('wire form and canonical text are two faces of one name', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(awkwardName, (wire) => {
        const name = wireToName(wire);
        assert.equal(canonical(name), name, 'canonical text is a fixed point');
        assert.equal(wireToName(nameToWire(name)), name);
      }),
      { numRuns: runs(100) },
    ),
  );
  t.throws(() => nameToWire('a..b'), 'an assertion, since the model holds canonical names only');
});

t.test('parent and suffixes go label by label, whatever is escaped', async (t) => {
  t.same(suffixesOf('a.b.c'), ['a.b.c', 'b.c', 'c', '']);
  t.same(suffixesOf(''), ['']);
  t.same(suffixesOf('a\\.b.c'), ['a\\.b.c', 'c', '']);
  t.same(suffixesOf('a\\\\.b'), ['a\\\\.b', 'b', ''], 'an escaped backslash before a dot leaves the dot a separator');
  t.same(suffixesOf('a\\\\\\.b'), ['a\\\\\\.b', '']);
  t.equal(parentOf('example'), '');
  t.equal(parentOf(''), undefined);
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(awkwardName, (wire) => {
        const suffixes = suffixesOf(wireToName(wire));
        assert.equal(suffixes.length, labelCount(wire) + 1);
        let at = 0;
        for (const suffix of suffixes) {
          assert.equal(suffix, wireToName(wire.subarray(at)), 'the same as cutting the wire form');
          at += wire[at] + 1;
        }
      }),
      { numRuns: runs(100) },
    ),
  );
});

t.test('at or below: whole labels, not text', async (t) => {
  t.ok(isAtOrBelow('a.example', 'example'));
  t.ok(isAtOrBelow('example', 'example'));
  t.ok(isAtOrBelow('example', ''));
  t.ok(isAtOrBelow('', ''));
  t.notOk(isAtOrBelow('', 'example'));
  t.notOk(isAtOrBelow('badexample', 'example'));
  t.notOk(isAtOrBelow('example', 'a.example'));
  t.notOk(isAtOrBelow('a\\.example', 'example'), 'an escaped dot separates nothing');
  t.ok(isAtOrBelow('a\\\\.example', 'example'));
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(awkwardName, awkwardName, (a, b) => {
        const [name, ancestor] = [wireToName(a), wireToName(b)];
        assert.equal(isAtOrBelow(name, ancestor), suffixesOf(name).includes(ancestor));
      }),
      { numRuns: runs(100) },
    ),
  );
});

t.test('host names: letters, digits, inner hyphens, no number at the end', async (t) => {
  for (const name of ['a', 'mail.example.com', 'a-b.c', '3com.example', 'xn--bcher-kva.example', '1.2.3.a'])
    t.ok(isHostName(name), name);
  for (const name of ['', '*.a', '-a.b', 'a-.b', '_tcp.a', 'a\\.b', 'a.b.', '192.0.2.300', '7', 'a..b', 'A.b'])
    t.notOk(isHostName(name), name);
});

t.test('owner names take a * only as the leftmost label', async (t) => {
  for (const name of ['', 'a.b', '*', '*.example', '*a.example', 'a*.example', 'x.*a', '**.b'])
    t.equal(checkOwnerName(name), undefined, name);
  for (const name of ['a.*', 'a.*.example', '*.*.example', 'a.b.*']) {
    t.match(checkOwnerName(name), { code: 'name_invalid', detail: /leftmost/ }, name);
  }
});
