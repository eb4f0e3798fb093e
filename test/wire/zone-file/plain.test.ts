/** What is written plainly is read in a shorter way: to the same records, findings and checks as in the long one. */
import fc from 'fast-check';
import t from 'tap';
import { readZone, ZoneCheck } from '../../../src/model/zone-check.ts';
import { ZoneContent } from '../../../src/model/zone-content.ts';
import { lowerName, parseName } from '../../../src/wire/name.ts';
import { Findings } from '../../../src/wire/zone-file/finding.ts';
import type { PlainRecord } from '../../../src/wire/zone-file/plain.ts';
import { readZoneFile } from '../../../src/wire/zone-file/reader.ts';
import { mulberry32 } from '../../fixtures/mutate.ts';
import { mutateText } from '../../fuzz/targets/text-mutations.ts';
import { cases } from '../../interop/zone-file-cases.ts';

const ZONE = 'example';

interface Read {
  readonly records: string[];
  readonly findings: Findings;
  /** How many were read in the shorter way. */
  readonly plain: number;
}

/** Records in the order in which they came, by either way. `isPlainTaken`: whether one is wanted as it is. */
function read(bytes: Uint8Array, zone: string, isPlainTaken?: (count: number) => boolean): Read {
  const findings = new Findings();
  const records: string[] = [];
  let plain = 0;
  let asked = 0;
  let included = 0;
  const include = (path: string): Uint8Array | string =>
    ++included < 3 ? (path.startsWith('f') ? Buffer.from('a A 192.0.2.7\n TXT x\n') : bytes) : 'enough';
  let owner = '';
  const takePlain = (record: PlainRecord): PlainRecord | undefined => {
    if (!(isPlainTaken as (count: number) => boolean)(asked++)) return undefined;
    if (!record.isSameOwner) owner = Buffer.from(record.owner.subarray(0, record.ownerLength)).toString();
    const rdata = Buffer.from(record.rdata.bytes.subarray(0, record.rdata.length)).toString('hex');
    const wire = Buffer.from(parseName(owner) as Uint8Array).toString('hex');
    records.push([wire, record.type, record.ttlSeconds, rdata, record.file, record.line].join(' '));
    plain++;
    return record;
  };
  const origin = parseName(zone) as Uint8Array;
  const options = { origin, include, ...(isPlainTaken && { takePlain }) };
  for (const { owner, type, ttlSeconds, rdata, file, line } of readZoneFile(bytes, options, findings)) {
    const wire = Buffer.from(lowerName(owner)).toString('hex');
    records.push([wire, type, ttlSeconds, Buffer.from(rdata).toString('hex'), file, line].join(' '));
    if (records.length > 2000) break;
  }
  return { records, findings, plain };
}

/** The zone and what is found in it, read in the long way only. */
function readSlowly(zone: string, bytes: Uint8Array): { content: ZoneContent; findings: Findings } {
  const findings = new Findings();
  const content = new ZoneContent(zone, findings);
  for (const record of readZoneFile(bytes, { origin: parseName(zone) as Uint8Array }, findings)) content.add(record);
  if (findings.errors.length === 0) {
    new ZoneCheck(content, { services: new Set(['s.example']), aliases: new Set() }, findings).run();
  }
  return { content, findings };
}

const contentOf = (content: ZoneContent): unknown =>
  Array.from(content.inOrder(), ({ rdata, ...rest }) => ({
    ...rest,
    rdata: rdata.map((each) => Buffer.from(each).toString('hex')),
  }));

function sameBothWays(text: Uint8Array, zone = ZONE): number {
  const bytes = new Uint8Array(text);
  const slow = read(bytes, zone);
  const plain = read(bytes, zone, () => true);
  t.strictSame(plain.records, slow.records, Buffer.from(bytes).toString());
  t.strictSame(plain.findings, slow.findings);
  // Whatever the taker leaves.
  for (const every of [2, 3]) {
    const some = read(bytes, zone, (count) => count % every !== 0);
    t.strictSame(some.records, slow.records);
    t.strictSame(some.findings, slow.findings);
  }
  // What one line makes a million of has tests of its own.
  if (Buffer.from(bytes).toString('latin1').toUpperCase().includes('$GENERATE')) return plain.plain;
  const { content, findings } = readZone(zone, bytes, { services: new Set(['s.example']) });
  const long = readSlowly(zone, bytes);
  t.strictSame(findings, long.findings, Buffer.from(bytes).toString());
  t.strictSame(contentOf(content), contentOf(long.content));
  return plain.plain;
}

const owner = fc.constantFrom(
  ...[
    '',
    ' ',
    '\t',
    '@',
    'a',
    'A',
    'a.b',
    'a.b.example.',
    '*',
    '*.a',
    'a.*.b',
    'x\\.y',
    '_sip._tcp',
    'a..b',
    '.',
    '.a',
  ],
  ...['example.', 'EXAMPLE.', 'other.', 'a.example.example.', 'a.example', 'ns1', '-', '1.2', '$', '"a"', 'ä', 's'],
  ...[
    'a'.repeat(63),
    'a'.repeat(64),
    `${'abcdefg.'.repeat(30)}a`,
    `${'abcdefg.'.repeat(31)}a`,
    `${'abcdefg.'.repeat(31)}ab.`,
  ],
);
const blank = fc.constantFrom(' ', '\t', '   ', '');
const header = fc.constantFrom(
  ...[
    'A',
    'a',
    '60 A',
    '060 A',
    '60 IN A',
    'IN 60 A',
    'in A',
    'IN IN A',
    '1h A',
    '60 60 A',
    '2147483648 A',
    '999999999 A',
  ],
  ...[
    '1000000000 A',
    'CH A',
    'CLASS1 A',
    'TYPE1',
    'AAAA',
    'IN AAAA',
    'TXT',
    'MX',
    '5 MX',
    'NS',
    'CNAME',
    'SOA',
    'PTR',
    'DNAME',
  ],
  ...[
    'SRV',
    'CAA',
    'DS',
    'AA',
    'A60',
    '60A',
    'ANY A',
    'AAAAA',
    'CNAMEX',
    'RRSIG',
    'NAPTR',
    'TLSA',
    'SSHFP',
    'HTTPS',
    'NSEC',
  ],
);
const data = fc.constantFrom(
  ...[
    '192.0.2.1',
    '192.0.2.01',
    '192.0.2.256',
    '192.0.2',
    '192.0.2.1.',
    '192.0.2.1x',
    '1.2.3.4 5',
    '\\# 4 c0000201',
    '0.0.0.0',
  ],
  ...[
    '2001:db8::1',
    '::',
    ':',
    'b',
    'B.example.',
    '10 b',
    '10 B.example.',
    '@',
    '',
    '"x y"',
    'x',
    'v=spf1 -all',
    '"a;b"',
  ],
  ...[
    '"a',
    '( 192.0.2.1 )',
    '(192.0.2.1',
    ')',
    '“x”',
    'é',
    '\\233',
    'a"b"',
    '0 issue "ca.test"',
    '1 2 3 b',
    '1 8 2 abcd',
  ],
  ...[
    'ns1 host 1 2 3 4 5',
    '192.0.2.9',
    'a.example.example.',
    '0 0 0 .',
    '\u007f',
    '1 b alpn=h2',
    '3 1 1 abc',
    '3 1 1 a bc d',
  ],
);
const end = fc.constantFrom('\n', '\r\n', ' \n', '; c\n', ' ; é (\n', '\r', '\n\n', '\n;\n', '');
const good = fc.constantFrom(
  ...[
    'A 192.0.2.1',
    '60 IN A 192.0.2.2',
    'AAAA 2001:db8::1',
    'TXT "x y" z',
    'MX 10 Mail',
    'NS ns.other.',
    'CNAME @',
    'IN 5 A 1.2.3.4',
  ],
  ...[
    'DNAME b',
    'PTR B.Other.',
    'SRV 1 2 3 b',
    'CAA 0 issue "ca.test"',
    'AAAA ::FFFF:192.0.2.1',
    'HTTPS 1 . alpn="h2,h3" port=8',
  ],
  ...[
    'SVCB 0 b',
    'TLSA 3 1 1 ab CD',
    'SSHFP 1 9 abcd',
    'NAPTR 1 2 "U" "E2U+sip" "!^.*$!sip:\\1@b!" .',
    'NSEC b A TYPE65280',
    'TXT ""',
  ],
  ...[
    `DS 1 RSASHA256 2 ${'ab'.repeat(31)} Cd`,
    `DS 1 13 2 ${'AB'.repeat(32)}`,
    'RRSIG A 8 2 60 20300101000000 1893456000 7 b AAAA',
  ],
);
const line = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.tuple(owner, good, fc.constantFrom('\n', ' ; c\n', '\r\n')).map(([a, b, c]) => `${a} ${b}${c}`),
  },
  { weight: 12, arbitrary: fc.tuple(owner, blank, header, blank, data, end).map((parts) => parts.join('')) },
  { weight: 12, arbitrary: fc.tuple(owner, header, data, end).map(([a, b, c, d]) => `${a} ${b} ${c}${d}`) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...[
        '\n',
        ' \n',
        ';x\n',
        '\r\n',
        '$TTL 60\n',
        '$ORIGIN sub.example.\n',
        '$ORIGIN x\\.y\n',
        '$ORIGIN .\n',
        '$ORIGIN *.w\n',
      ],
      ...['$INCLUDE f\n', '$INCLUDE f in\n', '$INCLUDE self\n', '$GENERATE 1-3 g$ A 192.0.2.$\n', '$BAD\n', '\ufeff'],
      ...['@ 60 SOA ns1 host 1 2 3 4 5\n@ 60 NS ns1\nns1 60 A 192.0.2.1\n', '@ SOA ns1 host (1 2\n 3 4 ; c\n 5)\n'],
    ),
  },
);

t.test('generated files', async (t) => {
  let plain = 0;
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 5, maxLength: 30 }),
      fc.constantFrom(ZONE, '', 'a.example', 'x\\.y'),
      (lines, zone) => {
        plain += sameBothWays(Buffer.from(lines.join('')), zone);
      },
    ),
    { numRuns: 200 },
  );
  t.ok(plain > 300, 'there is something to compare');
});

t.test('files that other programs have judged, and damaged ones', async (t) => {
  const random = mulberry32(17);
  const draw = (limit: number): number => Math.floor(random() * limit);
  let plain = 0;
  for (const { text } of cases.filter(({ text }) => text.length < 2000)) {
    plain += sameBothWays(Buffer.from(text));
    for (let i = 0; i < 3; i++) sameBothWays(mutateText(Buffer.from(text), draw));
  }
  t.ok(plain > 100, 'there is something to compare');
});

t.test('a host with more addresses than a message has room for is looked at', async (t) => {
  const head = '@ 60 SOA ns1 host 1 2 3 4 5\n@ 60 NS ns1\nns1 60 A 192.0.2.1\n';
  const lines = Array.from({ length: 5000 }, (_, i) => `h A 10.0.${i >> 8}.${i & 255}\n`);
  const { findings } = readZone(ZONE, Buffer.from(head + lines.join('')));
  t.match(findings.errors, [{ code: 'rrset_too_large', line: 4 }]);
});
