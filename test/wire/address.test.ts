/** IP addresses in text: exactly what node:net accepts (without zones), written as RFC 5952 asks. */

import assert from 'node:assert/strict';
import net from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { Malformed } from '../../src/wire/malformed.ts';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../../src/wire/rdata.ts';
import { runs } from '../fixtures/runs.ts';

const anyIpv6 = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  // Many zeros, so that runs of every length and place come up.
  fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 }).map((bytes) => Uint8Array.from(bytes)),
  fc
    .array(fc.constantFrom([0, 0], [0, 0], [0, 1], [255, 255]), { minLength: 8, maxLength: 8 })
    .map((groups) => Uint8Array.from(groups.flat())),
);

function mustBytes(result: Uint8Array | Malformed): Uint8Array {
  if (result instanceof Malformed) throw new Error(result.reason);
  return result;
}

t.test('IPv4: every address survives the way to text and back, in the form of node:net', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
        const text = formatIpv4(bytes);
        assert.equal(text, bytes.join('.'));
        assert.ok(net.isIPv4(text));
        assert.deepEqual(parseIpv4(text), bytes);
      }),
      { numRuns: runs(100) },
    ),
  );
});

t.test('IPv6: every address survives the way to text and back, as the URL parser writes it', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(anyIpv6, (bytes) => {
        const text = formatIpv6(bytes);
        assert.ok(net.isIPv6(text));
        assert.deepEqual(parseIpv6(text), bytes);
        assert.deepEqual(parseIpv6(text.toUpperCase()), bytes);
        if (!text.startsWith('::ffff:') || !text.includes('.')) {
          assert.equal(text, new URL(`http://[${text}]`).hostname.slice(1, -1));
          const full = (Buffer.from(bytes).toString('hex').match(/..../g) as string[]).join(':');
          assert.equal(text, new URL(`http://[${full}]`).hostname.slice(1, -1), 'also from the full form');
          assert.deepEqual(parseIpv6(full), bytes);
        }
        const mixed = `${(Buffer.from(bytes.subarray(0, 12)).toString('hex').match(/..../g) as string[]).join(':')}:${formatIpv4(bytes, 12)}`;
        assert.deepEqual(parseIpv6(mixed), bytes, 'the last 32 bits in dotted form');
      }),
      { numRuns: runs(400) },
    ),
  );
});

t.test('IPv6: the examples of RFC 5952', async (t) => {
  const table: [string, string][] = [
    ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:DB8::AAAA', '2001:db8::aaaa'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::FFFF:192.0.2.1', '::ffff:192.0.2.1'],
    ['::ffff:c000:201', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
  ];
  for (const [text, expected] of table) t.equal(formatIpv6(mustBytes(parseIpv6(text))), expected, text);
});

t.test('what is an address and what is not: as node:net judges it', async (t) => {
  const pieces = [
    '0',
    '1',
    '255',
    '256',
    '01',
    'a',
    'ffff',
    '12345',
    'g',
    ':',
    ':',
    ':',
    '::',
    '.',
    '.',
    '1.2.3.4',
    ' ',
    '-',
  ];
  const near = fc.array(fc.constantFrom(...pieces), { maxLength: 16 }).map((parts) => parts.join(''));
  const valid = anyIpv6.map((bytes) => formatIpv6(bytes));
  const damaged = fc
    .tuple(valid, fc.nat(40), fc.constantFrom(...pieces))
    .map(([text, at, piece]) => text.slice(0, at) + piece + text.slice(at));
  const grouped = fc
    .array(fc.constantFrom('0', 'ab', 'ffff', '', '1.2.3.4', '12345'), { maxLength: 10 })
    .map((parts) => parts.join(':'));
  let good = 0;
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.oneof(near, damaged, grouped), (text) => {
        assert.equal(parseIpv6(text) instanceof Uint8Array, net.isIPv6(text), `IPv6 ${JSON.stringify(text)}`);
        assert.equal(parseIpv4(text) instanceof Uint8Array, net.isIPv4(text), `IPv4 ${JSON.stringify(text)}`);
        if (net.isIPv6(text)) good += 1;
      }),
      { numRuns: runs(3000), seed: 5952 },
    ),
  );
  t.ok(good > 100, `the generator reaches valid addresses too (${good})`);
});

t.test('bad addresses are refused with the text in the reason', async (t) => {
  for (const text of ['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.4 ', '0x1.2.3.4', '1..2.3', '::1']) {
    const result = parseIpv4(text);
    t.ok(
      result instanceof Malformed && result.reason.includes('IPv4 address such as') && result.reason.includes(text),
      text,
    );
  }
  for (const text of [
    '',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '::1::',
    '1:2:3:4::5:6:7:8',
    'fe80::1%eth0',
    '12345::',
    '::1.2.3',
    '1.2.3.4::',
    '[::1]',
  ]) {
    const result = parseIpv6(text);
    t.ok(
      result instanceof Malformed && result.reason.includes('IPv6 address such as') && result.reason.includes(text),
      text,
    );
  }
});
