/** What a zone's records are once they are packed: the same as lists of objects would hold. */
import fc from 'fast-check';
import t from 'tap';
import { nameToWire, wireToName } from '../../src/model/name.ts';
import { ZoneContent } from '../../src/model/zone-content.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { rdataKey } from '../../src/wire/rdata.ts';
import { Findings } from '../../src/wire/zone-file/finding.ts';
import type { ZoneRecord } from '../../src/wire/zone-file/reader.ts';
import { runs } from '../fixtures/runs.ts';

const ZONE = 'example.test';

const owners = fc.constantFrom(
  'example.test',
  'A.example.test',
  'a.EXAMPLE.test',
  'b.a.example.test',
  '\\.\\200.example.test',
  'test',
  'notexample.test',
  'x\\.example.test',
);
const record: fc.Arbitrary<ZoneRecord> = fc.record({
  owner: owners.map((text) => Uint8Array.from(nameToWire(text))),
  type: fc.constantFrom(TYPE.A, TYPE.TXT, TYPE.CNAME, TYPE.RRSIG, TYPE.MX),
  ttlSeconds: fc.constantFrom(0, 60, 2 ** 31 - 1),
  rdata: fc.nat(24).map((n) => Uint8Array.of(1, 97 + n)),
  file: fc.constantFrom('', 'other.zone'),
  line: fc.nat(2 ** 20),
});
/** Names in RDATA must be well-formed. */
const asName = (data: Uint8Array): Uint8Array => Uint8Array.of(...data, 0);
const records = fc.array(
  record.map((each) => {
    if (each.type === TYPE.CNAME) return { ...each, rdata: asName(each.rdata) };
    if (each.type === TYPE.MX) return { ...each, rdata: Uint8Array.of(0, 10, ...asName(each.rdata)) };
    return each.type === TYPE.RRSIG
      ? { ...each, rdata: Uint8Array.of(...new Uint8Array(18), ...asName(each.rdata), 7) }
      : each;
  }),
  { maxLength: 120 },
);

interface Expected {
  name: string;
  type: number;
  ttlSeconds: number;
  rdata: string[];
  ttls: number[];
  file: string;
  line: number;
}

function model(all: readonly ZoneRecord[]): Expected[] {
  const rrsets = new Map<string, Map<number, Expected>>();
  for (const { owner, type, ttlSeconds, rdata, file, line } of all) {
    const name = wireToName(owner);
    if (name !== ZONE && (!name.endsWith(`.${ZONE}`) || name.startsWith('x\\'))) continue;
    const own = rrsets.get(name) ?? new Map<number, Expected>();
    rrsets.set(name, own);
    const rrset = own.get(type) ?? { name, type, ttlSeconds, rdata: [], ttls: [], file, line };
    own.set(type, rrset);
    const isThere = rrset.rdata.some((hex) => rdataKey(type, Buffer.from(hex, 'hex')) === rdataKey(type, rdata));
    if (isThere) continue;
    rrset.rdata.push(Buffer.from(rdata).toString('hex'));
    rrset.ttls.push(ttlSeconds);
    rrset.ttlSeconds = Math.min(rrset.ttlSeconds, ttlSeconds);
  }
  return [...rrsets.values()].flatMap((own) => [...own.values()]);
}

t.test(
  'RRsets by name, each record once, the lowest TTL, in the order of the file and in that of the packed form',
  (t) => {
    fc.assert(
      // Of a large file it is memory of another kind.
      fc.property(records, fc.constantFrom(0, 2 ** 18 + 1), (all, expectedRecords) => {
        const content = new ZoneContent(ZONE, new Findings(), expectedRecords);
        for (const each of all) content.add(each);
        const expected = model(all).map(({ ttls, ...rest }) => {
          const differ = rest.type === TYPE.RRSIG && ttls.some((ttl) => ttl !== rest.ttlSeconds);
          return differ ? { ...rest, recordTtlSeconds: ttls } : rest;
        });
        const shown = (rrsets: Iterable<ReturnType<typeof content.rrsets>[number]>) =>
          Array.from(rrsets, (rrset) => ({
            ...rrset,
            rdata: rrset.rdata.map((data) => Buffer.from(data).toString('hex')),
          }));
        t.same(shown([...content.names.values()].flat()), expected);
        t.equal(content.rrsetCount, expected.length);
        const inOrder = [...expected].sort((a, b) => (a.name === b.name ? a.type - b.type : a.name < b.name ? -1 : 1));
        t.same(shown(content.inOrder()), inOrder);
        t.same(
          shown(content.ofTypes([TYPE.A, TYPE.MX])),
          expected.filter(({ type }) => type === TYPE.A || type === TYPE.MX),
        );
        for (const { name, type } of expected) t.equal(content.rrset(name, type)?.name, name);
        t.equal(content.rrset(ZONE, TYPE.SOA), undefined);
        t.equal(content.names.has('b.example.test'), false);
      }),
      { numRuns: runs(100) },
    );
    t.end();
  },
);
