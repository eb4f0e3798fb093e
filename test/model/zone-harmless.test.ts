/** Names that the checks are not asked about: asked about all, they find the same, in the same order. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { nameToWire } from '../../src/model/name.ts';
import { ZoneBorders } from '../../src/model/zone-borders.ts';
import { readZone, ZoneCheck } from '../../src/model/zone-check.ts';
import { ZoneContent } from '../../src/model/zone-content.ts';
import { Findings } from '../../src/wire/zone-file/finding.ts';
import { readZoneFile } from '../../src/wire/zone-file/reader.ts';
import { runs } from '../fixtures/runs.ts';

const ZONES = ['example.test', 'test', '', '2.0.192.in-addr.arpa', 'a.test', 'x\\.y.test'] as const;

/** Relative to the zone, or not: some are there, and some are not. */
const names = [
  ...['@', 'a', 'b', 'c', 'A', 'ns', 'ns.a', 'b.a', 'c.b.a', 'ns.b', '*', '*.a', 'a.*.b', '*.a.*', 'x\\.y', 'x\\.a'],
  ...[
    'a\\*',
    'w:x',
    'a_b',
    '-a',
    '1',
    '1.2',
    '192.0.2.1',
    '192.0.2.x',
    '1.2.3',
    '1.2.3.4.5',
    '192.0.2.1.',
    '1.2.3.4.arpa.',
  ],
  ...[
    'a.example.test',
    'example.test.a',
    'test',
    'a.test',
    'test.test',
    'a.b.test',
    'example.test.',
    'a.example.test.',
  ],
  ...[
    'A.Example.TEST.',
    'example.test.example.test.',
    'ns.other.',
    'other.',
    '.',
    'b.w',
    'w',
    '*.w',
    'http\\:',
    'a.test.',
  ],
  ...[
    '2.0.192.in-addr.arpa.',
    '1.2.0.192.in-addr.arpa.',
    '1.2.0.192.in-addr.arpa',
    'al',
    's',
    's.al',
    'x',
    'a.x',
    'b.a.x',
  ],
];
const near = fc.constantFrom('a', 'b', 'ns', 'al', 'b.a', 'ns.a', 'c.b.a', 'x', 'a.x', '@');
const name = fc.oneof(near, fc.constantFrom(...names));
/** Few, so that several types meet at one of them. */
const owner = fc.oneof(
  { weight: 3, arbitrary: near },
  // That of the line before.
  { weight: 2, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(...names.filter((text) => text !== '.')) },
);

const texts = [
  ...['x', '""', '"v=spf1 -all"', '"V=SPF1 mx -all"', '"v=spf1" " -all"', '"v=spf1 a" "mx -all"', '"v=s" "pf1 a" "b"'],
  ...['"v=DMARC1"', '"v=DMARC1 "', '"v=DMARC1; p=none"', '"v=DKIM1;" "p=abc"', '"v=DKIM1" "p=abc"', '"v=spf1\\\\"'],
  ...[
    '"v" "=spf1 a" "ptr"',
    '"" "v=spf1 a" "mx"',
    '"\\"v=spf1\\""',
    '"\\"" x',
    '"\\""',
    '"\\"x\\"" y',
    'y "\\"x\\""',
    '"a\\226\\128\\139b"',
  ],
  ...[
    '"v=spf1 \\226\\128\\147all"',
    '"\\007"',
    '"v=DKIM1; \\200"',
    '"v=BIMI1"',
    '"v=STSv1;"',
    '"v=x"',
    '"v=spf2"',
    '"a;b"',
    'v=spf1',
  ],
];
const authorities = [
  ...['0 issue "ca.test"', '128 issue "CA.Test"', '1 issue "ca.test"', '0 issue ";"', '0 issue ""', '0 issue "ca"'],
  ...[
    '0 issuewild "ca.test; x=y"',
    '0 issuewild "ca.test "',
    '0 issue ".test"',
    '0 issue "ca..test"',
    '0 issue "ca.test."',
  ],
  ...[
    '0 ISSUE "ca.test"',
    '0 iodef "mailto:a@b.test"',
    '0 iodef "a.test"',
    '0 isue "ca.test"',
    '0 issue "ca_.test"',
    '0 issuemail "x"',
  ],
  ...['0 issue "\\195\\164.test"', '0 issue " ca.test"', '128 issuewild "a-b.test"'],
];

const record = fc.oneof(
  { weight: 4, arbitrary: name.map((target) => `NS ${target}`) },
  { weight: 2, arbitrary: name.map((target) => `MX 10 ${target}`) },
  { weight: 2, arbitrary: name.map((target) => `SRV 1 2 3 ${target}`) },
  { weight: 2, arbitrary: name.map((target) => `CNAME ${target}`) },
  { weight: 2, arbitrary: name.map((target) => `PTR ${target}`) },
  { weight: 2, arbitrary: name.map((target) => `DNAME ${target}`) },
  { weight: 1, arbitrary: name.map((target) => `SVCB 1 ${target}`) },
  { weight: 1, arbitrary: name.map((target) => `HTTPS 0 ${target}`) },
  { weight: 1, arbitrary: name.map((target) => `NSEC ${target} A`) },
  { weight: 1, arbitrary: name.map((target) => `RRSIG A 8 2 60 20300101000000 20200101000000 1 ${target} AAAA`) },
  { weight: 1, arbitrary: name.map((target) => `RP ${target} .`) },
  { weight: 3, arbitrary: fc.constantFrom('A 192.0.2.1', 'AAAA ::1', 'A 192.0.2.2') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(`DS 1 8 2 ${'ab'.repeat(32)}`, `DS 1 8 4 ${'ab'.repeat(48)}`, 'TLSA 3 1 1 abcd'),
  },
  { weight: 4, arbitrary: fc.constantFrom(...texts).map((text) => `TXT ${text}`) },
  { weight: 2, arbitrary: fc.constantFrom('TXT "v=spf1 a"', 'TXT "v=spf1 mx"', 'TXT v=spf1') },
  { weight: 2, arbitrary: fc.constantFrom(...authorities).map((text) => `CAA ${text}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'SPF "v=spf1 -all"',
      'SOA ns a 1 2 3 4 5',
      'TYPE65280 \\# 1 00',
      'HINFO a b',
      'NSEC3 1 0 0 - 00000000 A',
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(1, 128, 254, 255)
      .map((strings) => `TYPE16 \\# ${strings * 256} ${`ff${'61'.repeat(255)}`.repeat(strings)}`),
  },
);
const line = fc.tuple(owner, record).map((parts) => `${parts.join(' ')}\n`);

const services = {
  services: new Set(['s.example.test', 'al.example.test', '*.w.example.test']),
  aliases: new Set(['al.example.test', '*.w.example.test']),
};

/** A zone without them has errors, and is looked at all the same. */
const SOA = '@ SOA ns.other. a 1 2 3 4 5\n';
const NS = '@ NS ns.other.\n';

/** What can be found in such zones. */
const FOUND = [
  'alias_of_itself',
  ...['address_missing', 'caa_unusual', 'cname_and_other_data', 'cname_several', 'dname_beside_ns', 'dname_several'],
  ...[
    'dname_has_descendants',
    'ds_misplaced',
    'final_dot_missing',
    'glue_missing',
    'host_name_unusual',
    'name_unusual',
  ],
  ...[
    'occluded',
    'quotes_within',
    'rrset_too_large',
    'soa_misplaced',
    'spf_obsolete',
    'spf_several',
    'target_is_address',
  ],
  ...['target_is_alias', 'text_cut_off', 'text_joined', 'text_unusual', 'wildcard_unusual'],
];

t.test('generated zones', async (t) => {
  const codes = new Set<string>();
  let all = 0;
  let asked = 0;
  const zone = fc.constantFrom(...ZONES);
  const property = fc.property(
    zone,
    fc.constantFrom('', NS, ...Array.from({ length: 6 }, () => SOA + NS)),
    fc.array(line, { minLength: 1, maxLength: 9 }),
    fc.boolean(),
    (zone, head, lines, hasServices) => {
      const text = `$TTL 60\n${head}${lines.join('')}`;
      const options = hasServices ? services : { services: new Set<string>(), aliases: new Set<string>() };
      const read = readZone(zone, Buffer.from(text), options);
      const findings = new Findings();
      const content = new ZoneContent(zone, findings);
      const records = readZoneFile(Buffer.from(text), { origin: nameToWire(zone) }, findings);
      for (const record of records) content.add(record);
      if (findings.errors.length === 0) new ZoneCheck(content, options, findings).run(content.names);
      assert.deepStrictEqual(read.findings, findings);
      for (const { code } of [...findings.errors, ...findings.warnings]) codes.add(code);
      all += content.nameCount;
      const { hasCuts, hasDnames } = new ZoneBorders(read.content);
      const traits = { isReverse: zone.endsWith('arpa'), hasCuts, hasDnames };
      asked += Array.from(read.content.doubtful({ ...traits, ...options })).length;
    },
  );
  fc.assert(property, { numRuns: runs(4000) });
  const missed = FOUND.filter((code) => !codes.has(code));
  t.strictSame(missed, [], 'each finding was made, with and without');
  t.ok(asked < 0.9 * all, `${asked} of ${all} names were looked at`);
});
