/** Names: text and wire form are two faces of the same thing, limits hold, and the canonical order is RFC 4034's. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Malformed } from '../../src/wire/malformed.ts';
import { compareNames, formatName, labelCount, lowerName, nameLength, parseName } from '../../src/wire/name.ts';
import { runs } from '../fixtures/runs.ts';

/** The wire form, for a text that must be good. */
function wire(text: string): Uint8Array {
  const name = parseName(text);
  if (name instanceof Malformed) throw new Error(`${text}: ${name.reason}`);
  return name;
}

function toWire(labels: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from([...labels.flatMap((label) => [label.length, ...label]), 0]);
}

/** Names with any bytes in their labels, up to the limit of 255. */
const anyName = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 63 }), { maxLength: 20, size: 'max' })
  .map((labels) => {
    while (toWire(labels).length > 255) labels.pop();
    return toWire(labels);
  });

/** Short names over few letters, so that equal labels and prefixes are common. */
const closeName = fc
  .array(fc.array(fc.constantFrom(0x41, 0x61, 0x62, 0x5a, 0x7a, 0x00, 0xff), { minLength: 1, maxLength: 2 }), {
    maxLength: 3,
  })
  .map((labels) => toWire(labels.map((label) => Uint8Array.from(label))));

t.test('every name survives the way to text and back', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(anyName, (name) => {
        assert.deepEqual(wire(formatName(name)), name);
        assert.match(formatName(name), /^[\x21-\x7e]*\.$/, 'text is printable ASCII and ends in a dot');
      }),
      { numRuns: runs(100) },
    ),
  );
});

t.test('text is absolute with or without the final dot, and case is kept', async (t) => {
  t.same(wire('WWW.Example'), Uint8Array.from([3, 0x57, 0x57, 0x57, 7, 0x45, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0]));
  t.same(wire('WWW.Example.'), wire('WWW.Example'));
  t.same(wire(''), Uint8Array.of(0));
  t.same(wire('.'), Uint8Array.of(0));
  t.equal(formatName(Uint8Array.of(0)), '.');
  t.same(wire('*._tcp.a'), Uint8Array.from([1, 0x2a, 4, 0x5f, 0x74, 0x63, 0x70, 1, 0x61, 0]));
});

t.test('escapes: three digits or one character', async (t) => {
  t.same(wire('a\\.b'), Uint8Array.from([3, 0x61, 0x2e, 0x62, 0]));
  t.same(wire('a\\.'), Uint8Array.from([2, 0x61, 0x2e, 0]), 'an escaped dot at the end is part of the label');
  t.same(wire('\\097\\.\\000\\255'), Uint8Array.from([4, 0x61, 0x2e, 0, 255, 0]));
  t.same(wire('\\\\.\\@\\a'), Uint8Array.from([1, 0x5c, 2, 0x40, 0x61, 0]));
  const special = Uint8Array.from([10, ...Buffer.from('. \\";@$()\x7f'), 0]);
  t.equal(formatName(special), '\\.\\032\\\\\\"\\;\\@\\$\\(\\)\\127.');
});

t.test('limits: 63 bytes a label, 255 a name', async (t) => {
  const label = 'a'.repeat(63);
  t.equal(wire(label).length, 65);
  const longest = [label, label, label, 'a'.repeat(61)].join('.');
  t.equal(wire(longest).length, 255);
  t.equal(wire(`${longest}.`).length, 255);
  const manyLabels = wire(Array(127).fill('a').join('.'));
  t.equal(manyLabels.length, 255);
  t.equal(labelCount(manyLabels), 127);
  t.equal(nameLength(manyLabels), 255);
});

t.test('bad text is refused with a reason that says what was expected', async (t) => {
  const longest = ['a'.repeat(63), 'a'.repeat(63), 'a'.repeat(63), 'a'.repeat(62)].join('.');
  const table: [string, RegExp][] = [
    ['..', /label cannot be empty.*"\.\."/],
    ['a..b', /label cannot be empty/],
    ['.a', /label cannot be empty/],
    ['a..', /label cannot be empty/],
    ['a'.repeat(64), /at most 63 bytes.* 64/],
    [`${'a'.repeat(64)}.b`, /at most 63 bytes/],
    [longest, /at most 255 bytes.* 256/],
    [Array(128).fill('a').join('.'), /at most 255 bytes.* 257/],
    ['bücher.example', /"ü".*A-labels.*punycode/],
    ['😀.example', /"😀".*A-labels/],
    ['a\ufeff', /A-labels/],
    ['a b', /space or control character.*\\DDD/],
    ['a\n', /space or control character/],
    ['a\x7f', /space or control character/],
    ['@', /"@".*origin in full/],
    ['me@example.com', /"@".*mailbox with a dot/],
    ['a;b', /";".*written as \\;/],
    ['a"b', /must be written as \\"/],
    ['(a', /must be written as \\\(/],
    ['a)', /must be written as \\\)/],
    ['a\\', /backslash must be followed/],
    ['a\\256', /at most \\255, not \\256/],
    ['a\\12', /three of them/],
    ['a\\1x2', /three of them/],
    ['a\\\n', /printable ASCII character can follow/],
    ['a\\ü', /printable ASCII character can follow.*"ü"/],
  ];
  for (const [text, reason] of table) {
    const result = parseName(text);
    t.ok(result instanceof Malformed, `refused: ${JSON.stringify(text.slice(0, 20))}`);
    if (result instanceof Malformed) t.match(result.reason, reason);
  }
});

t.test('any text at all gives a well-formed name or a short reason', async (t) => {
  const nearlyNames = fc.string({
    unit: fc.constantFrom('a', 'B', '.', '\\', '0', '2', '5', '"', '@', ' ', 'é', '*'),
    maxLength: 80,
  });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.oneof(nearlyNames, fc.string({ unit: 'binary' })), (text) => {
        const result = parseName(text);
        if (result instanceof Malformed) assert.ok(result.reason.length > 0 && result.reason.length < 600);
        else assert.equal(nameLength(result), result.length);
      }),
      { numRuns: runs(100) },
    ),
  );
  const huge = parseName('x'.repeat(100_000));
  t.ok(huge instanceof Malformed && huge.reason.length < 600, 'a huge text is not repeated in full');
});

t.test('nameLength is 0 where no well-formed uncompressed name stands', async (t) => {
  t.equal(nameLength(Uint8Array.of()), 0);
  t.equal(nameLength(Uint8Array.of(0), 1), 0, 'at the end');
  t.equal(nameLength(Uint8Array.of(1, 0x61)), 0, 'no root');
  t.equal(nameLength(Uint8Array.of(5, 0x61, 0)), 0, 'label past the end');
  t.equal(nameLength(Uint8Array.of(0xc0, 0)), 0, 'pointer');
  t.equal(nameLength(Uint8Array.of(64, ...Buffer.alloc(64), 0)), 0, 'label type 01');
  t.equal(nameLength(Uint8Array.from([2, 0x61, 0x61, ...Array(126).fill([1, 0x61]).flat(), 0])), 0, '256 bytes');
  t.equal(nameLength(Uint8Array.from([...Array(127).fill([1, 0x61]).flat(), 1, 0x61, 0])), 0, '257 bytes');
  t.equal(nameLength(Uint8Array.of(9, 9, 1, 0x61, 0, 7), 2), 3, 'at an offset, with more behind it');
  t.throws(() => formatName(Uint8Array.of(0xc0, 0)));
});

t.test('lowerName changes A to Z only', async (t) => {
  const all = Uint8Array.from({ length: 63 }, (_, index) => 0x40 + index);
  const name = toWire([all, Uint8Array.from([0xc0, 0xdd, 0x5b, 0x60])]);
  const expected = name.map((byte, at) => (at > 0 && byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));
  t.same(lowerName(name), expected);
  t.equal(formatName(lowerName(wire('WwW.EXAMPLE.'))), 'www.example.');
});

t.test('canonical order: the list of RFC 4034 §6.1', async (t) => {
  const list = [
    'example',
    'a.example',
    'yljkjljk.a.example',
    'Z.a.example',
    'zABC.a.EXAMPLE',
    'z.example',
    '\\001.z.example',
    '*.z.example',
    '\\200.z.example',
  ];
  const shuffled = list.toReversed().map(wire);
  t.same(
    shuffled.sort(compareNames).map((name) => formatName(name)),
    list.map((text) => `${text}.`),
  );
  t.ok(compareNames(wire('.'), wire('a')) < 0, 'the root is first');
  t.equal(compareNames(wire('A.b'), wire('a.B')), 0, 'case does not matter');
});

t.test('canonical order: a total order that agrees with sorting labels as byte strings', async (t) => {
  /** The labels from the right as one string in which a label's end sorts before every byte. */
  const key = (name: Uint8Array): string => {
    const labels: string[] = [];
    for (let at = 0; name[at] !== 0; at += name[at] + 1) {
      const label = Array.from(name.subarray(at + 1, at + 1 + name[at]));
      const lower = label.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));
      labels.unshift(lower.map((byte) => String.fromCharCode(byte + 2)).join(''));
    }
    return labels.map((label) => `\x01${label}\x00`).join('');
  };
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(closeName, closeName, (a, b) => {
        const [keyA, keyB] = [key(a), key(b)];
        assert.equal(Math.sign(compareNames(a, b)), keyA < keyB ? -1 : keyA > keyB ? 1 : 0);
      }),
      { numRuns: runs(500) },
    ),
  );
});
