/** Teal judges zone files as named-checkzone, ldns-read-zone, kzonecheck and nsd-checkzone do, and reads the same. */
import t from 'tap';
import { includeFrom } from '../../src/cli/include-folder.ts';
import { nameToWire } from '../../src/model/name.ts';
import { readZone, type ZoneFileReading } from '../../src/model/zone-check.ts';
import { canonicalOrder, writeZoneFile } from '../../src/wire/zone-file/writer.ts';
import { cases, type Jury, readings, rules, type ZoneFileCase } from './zone-file-cases.ts';
import { type Peer, type RRsetLines, rrsetLine, type Verdict, ZoneFileOnDisk } from './zone-file-peers.ts';

const ZONE = 'example';

const juries: Readonly<Record<Jury, readonly Peer[]>> = {
  text: ['named-checkzone', 'ldns-read-zone', 'kzonecheck'],
  zone: ['named-checkzone', 'kzonecheck', 'nsd-checkzone'],
  bind: ['named-checkzone'],
};

t.ok(cases.length >= 80, `${cases.length} files`);
t.equal(new Set(cases.map(({ what }) => what)).size, cases.length, 'each file has a name of its own');
for (const rule of Object.keys(rules))
  t.ok(
    cases.some((each) => each.rule === rule),
    `the rule is needed: ${rule}`,
  );

for (const zoneFile of cases) {
  t.test(zoneFile.what, async (t) => {
    const file = new ZoneFileOnDisk(Buffer.from(zoneFile.text), zoneFile.files);
    t.teardown(() => file.remove());
    const reading = readZone(ZONE, Buffer.from(zoneFile.text), { include: includeFrom(file.folder) });
    const verdicts = juries[zoneFile.jury].map((peer) => file.ask(peer, ZONE));
    compareVerdicts(t, zoneFile, reading, verdicts);
    // Where named-checkzone refuses there is nothing to compare.
    if (verdicts[0].accepted && reading.findings.errors.length === 0) {
      const differs = rrsetLines(reading).join('\n') !== file.dumped().join('\n');
      if (zoneFile.reading) t.ok(differs, `the rule still holds: ${readings[zoneFile.reading]}`);
      else t.same(rrsetLines(reading), file.dumped(), 'the same RRsets');
      const exported = new ZoneFileOnDisk(Buffer.from(writtenAgain(reading)));
      t.teardown(() => exported.remove());
      t.ok(exported.ask('named-checkzone', ZONE).accepted, 'what Teal writes is taken');
      t.same(exported.dumped(), rrsetLines(reading), 'and holds the same RRsets');
    }
  });
}

function compareVerdicts(
  t: { equal(found: unknown, wanted: unknown, message: string): unknown },
  { rule }: ZoneFileCase,
  { findings }: ZoneFileReading,
  verdicts: readonly Verdict[],
): void {
  const accepting = verdicts.filter(({ accepted }) => accepted).length;
  const most = accepting * 2 > verdicts.length;
  const wanted = rule === undefined ? most : !most;
  const said = [...findings.errors.map(({ message }) => `Teal: ${message}`), ...verdicts.map(({ output }) => output)];
  const why = rule === undefined ? '' : ` by the rule: ${rules[rule]}`;
  t.equal(findings.errors.length === 0, wanted, `${wanted ? 'taken' : 'refused'}${why}\n${said.join('\n')}`);
}

function rrsetLines({ content }: ZoneFileReading): RRsetLines {
  const rrsets = [...content.names.values()].flat();
  return rrsets.map(({ name, ttlSeconds, type, rdata }) => rrsetLine(nameToWire(name), ttlSeconds, type, rdata)).sort();
}

function writtenAgain({ content }: ZoneFileReading): string {
  return [...writeZoneFile(ZONE, ['written by Teal'], canonicalOrder([...content.names.values()].flat()))].join('');
}
