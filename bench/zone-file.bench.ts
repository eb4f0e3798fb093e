/** `node bench/zone-file.bench.ts [records]`: what reading, checking and writing a large zone file costs. */
import { nameToWire } from '../src/model/name.ts';
import { readZone } from '../src/model/zone-check.ts';
import { Findings } from '../src/wire/zone-file/finding.ts';
import { readZoneFile } from '../src/wire/zone-file/reader.ts';
import { canonicalOrder, writeZoneFile } from '../src/wire/zone-file/writer.ts';
import { numbersAndWords } from '../tools/command-line.ts';

const { records } = numbersAndWords({ records: 1_000_000 }).numbers;
const PIECE_LINES = 10_000;
/** Not the root: all that a zone of it names would have to be in it as well, and each name that is not is a warning. */
const ZONE = 'registry.example';
const apex = '$TTL 300\n@ SOA ns1 host 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n';

/** The same number of records: a name each with an address, four types by turns at a name, two name servers of a delegation each. */
const zones: Readonly<Record<string, () => Buffer>> = {
  'a name and an address each': () =>
    text(records, (i) => `host${i} IN A 10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}\n`),
  'delegations, as of a registry': () =>
    text(records / 2, (i) => `d${i} NS ns1.host${i % 1000}.net.\nd${i} NS ns2.host${i % 1000}.net.\n`),
  'AAAA, MX, TXT and SRV by turns': () =>
    text(records / 4, (i) => {
      const group = (i & 0xffff).toString(16);
      return `h${i} 3600 IN AAAA 2001:db8::${group}:1\n\tIN MX 10 mail${i}.Example.com.\n TXT "v=spf1 include:${i}.test -all" ; c\n_sip._tcp.h${i} SRV 1 2 5060 h${i}\n`;
    }),
};

/** Made piece by piece, so that what it takes is not taken for what reading takes. */
function text(count: number, line: (i: number) => string): Buffer {
  const pieces = [Buffer.from(apex)];
  for (let from = 0; from < count; from += PIECE_LINES) {
    const lines = Array.from({ length: Math.min(PIECE_LINES, count - from) }, (_, i) => line(from + i));
    pieces.push(Buffer.from(lines.join('')));
  }
  return Buffer.concat(pieces);
}

function measure(what: string, run: () => unknown): void {
  const before = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(before);
  const residentMegabytes = Math.round(process.memoryUsage.rss() / 1e6);
  console.log(`  ${what}: ${((user + system) / 1e6).toFixed(2)} s CPU, ${residentMegabytes} MB resident, ${result}`);
}

for (const [name, make] of Object.entries(zones)) {
  const bytes = make();
  console.log(`${name}: ${records} records, ${(bytes.length / 1e6).toFixed(1)} MB of text`);
  measure('read', () => {
    let count = 0;
    for (const _ of readZoneFile(bytes, { origin: nameToWire(ZONE) }, new Findings())) count++;
    return `${count} records`;
  });
  const { content } = readZone(ZONE, bytes);
  measure('read, grouped and checked', () => {
    const { errors, warnings, moreWarnings } = readZone(ZONE, bytes).findings;
    return `${errors.length} errors, ${warnings.length + moreWarnings} warnings`;
  });
  measure('ordered and written', () => {
    let characters = 0;
    const rrsets = canonicalOrder([...content.names.values()].flat());
    for (const piece of writeZoneFile('', [], rrsets)) characters += piece.length;
    return `${(characters / 1e6).toFixed(1)} MB of text`;
  });
}
