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
import { runs } from '../../fixtures/runs.ts';
import { mutateText } from '../../fuzz/targets/text-mutations.ts';
import { cases } from '../../interop/zone-file-cases.ts';
import { line } from './plain-lines.ts';

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
    { numRuns: runs(200) },
  );
  t.ok(plain > 150, 'there is something to compare');
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

t.test('a text is as long as RDATA may be, and no longer', async (t) => {
  const full = Array<string>(255)
    .fill(`"${'x'.repeat(255)}"`)
    .join(' ');
  const longest = `a 60 TXT ${full} "${'y'.repeat(254)}"\n`;
  t.equal(sameBothWays(Buffer.from(longest)), 1, 'read in the shorter way');
  t.equal(sameBothWays(Buffer.from(longest.replace('y', 'yy'))), 0);
  const { findings } = readZone(ZONE, Buffer.from(longest.replace('y', 'yy')));
  t.match(findings.errors, [{ code: 'rdata_invalid', line: 1, column: 10 }]);
});

t.test('a host with more addresses than a message has room for is looked at', async (t) => {
  const head = '@ 60 SOA ns1 host 1 2 3 4 5\n@ 60 NS ns1\nns1 60 A 192.0.2.1\n';
  const lines = Array.from({ length: 5000 }, (_, i) => `h A 10.0.${i >> 8}.${i & 255}\n`);
  const { findings } = readZone(ZONE, Buffer.from(head + lines.join('')));
  t.match(findings.errors, [{ code: 'rrset_too_large', line: 4 }]);
});
