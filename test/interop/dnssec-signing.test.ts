/** Zones of every shape that Teal signed, judged by ldns-verify-zone, dnssec-verify, kzonecheck and dnspython. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { transferable } from '../../src/control/zone-files/transferable.ts';
import { nameToWire, wireToName } from '../../src/model/name.ts';
import type { ViewRRset } from '../../src/signing/sorted-rrsets.ts';
import type { ViewOptions } from '../../src/signing/view.ts';
import { viewWithDigest } from '../../src/signing/zonemd.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { ALGORITHM, dsRdata } from '../../src/wire/dnssec/key.ts';
import { writeZoneFile } from '../../src/wire/zone-file/writer.ts';
import { services, shapes, snapshotOf } from '../fixtures/shapes.ts';
import { makeGround, makeKey, signerOf, type TestKey } from '../fixtures/signing.ts';
import type { ZoneSnapshot } from '../fixtures/zone-snapshot.ts';
import { judges } from './zone-judges.ts';

const ZONE = 'shape.test';
const apex = nameToWire(ZONE);
const folder = mkdtempSync(join(tmpdir(), 'teal-judges-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Of ldns 1.8.3: ldns-verify-zone never ends with NSEC3 and glue, also where ldns-signzone signed the zone; the others
 * judge that alone.
 */
const endless = 'cuts with glue, with DS and without';

interface Signed {
  readonly view: readonly ViewRRset[];
  readonly key: TestKey;
}

function signed(t: Test, snapshot: ZoneSnapshot, denial: ViewOptions['denial'], algorithm: number): Signed {
  const ground = makeGround();
  ground.atMs = Date.now();
  t.teardown(() => {
    ground.file.close();
    rmSync(ground.directory, { recursive: true, force: true });
  });
  const key = makeKey(algorithm);
  const signer = signerOf(ZONE, key, ground);
  const keys = [
    { owner: apex, type: TYPE.DNSKEY, ttlSeconds: 3600, rdata: [key.dnskey] },
    { owner: apex, type: TYPE.CDNSKEY, ttlSeconds: 3600, rdata: [key.dnskey] },
    { owner: apex, type: TYPE.CDS, ttlSeconds: 3600, rdata: [dsRdata(apex, key.dnskey, 2) as Uint8Array] },
  ];
  const options = { apex, signer, denial, denialTtlSeconds: 600 };
  return { key, view: [...viewWithDigest([...transferable(snapshot), ...keys], options)] };
}

let files = 0;
function written(view: readonly ViewRRset[]): string {
  const file = join(folder, `${++files}.zone`);
  const rrsets = view.map(({ owner, ...rest }) => ({ ...rest, name: wireToName(owner) }));
  writeFileSync(file, [...writeZoneFile(ZONE, [], rrsets)].join(''));
  return file;
}

function judge(t: Test, file: string, what: string, isEndless: boolean): void {
  for (const [name, ask] of Object.entries(judges)) {
    if (isEndless && name === 'ldns-verify-zone') continue;
    const { isGood, output } = ask(file, ZONE, true);
    t.ok(isGood, `${name}: ${what}`, { output });
  }
}

t.test('each shape, with services and without', async (t) => {
  for (const [shape, lines] of Object.entries(shapes)) {
    const some = Object.keys(shapes).indexOf(shape) % 2 === 0 ? services : [];
    judge(t, written(signed(t, snapshotOf(lines, some), 'nsec', ALGORITHM.ECDSAP256SHA256).view), shape, false);
    const { view } = signed(t, snapshotOf(lines, some), 'nsec3', ALGORITHM.ECDSAP256SHA256);
    judge(t, written(view), `${shape}, NSEC3`, shape === endless);
  }
});

t.test('all shapes in one zone, by Ed25519', async (t) => {
  const all = snapshotOf(Object.values(shapes).join(''), services);
  judge(t, written(signed(t, all, 'nsec', ALGORITHM.ED25519).view), 'NSEC', false);
  judge(t, written(signed(t, all, 'nsec3', ALGORITHM.ED25519).view), 'NSEC3', true);
});

/** What is done to the view, and who must see it. */
const damages: Readonly<Record<string, (rrset: ViewRRset) => ViewRRset>> = {
  'one signature': (rrset) => {
    if (rrset.type !== TYPE.RRSIG) return rrset;
    const rdata = rrset.rdata.map((each) => each.with(each.length - 9, (each[each.length - 9] as number) ^ 1));
    return { ...rrset, rdata };
  },
  'one NSEC': (rrset) =>
    rrset.type === TYPE.NSEC ? { ...rrset, rdata: [Uint8Array.of(...nameToWire(`zz.${ZONE}`), 0, 1, 0x40)] } : rrset,
  'one bitmap': (rrset) => {
    if (rrset.type !== TYPE.NSEC) return rrset;
    const [rdata] = rrset.rdata as [Uint8Array];
    return { ...rrset, rdata: [rdata.with(rdata.length - 1, (rdata[rdata.length - 1] as number) ^ 4)] };
  },
};
for (const [damage, inflict] of Object.entries(damages)) {
  t.test(`${damage} damaged: each judge sees it`, async (t) => {
    const { view } = signed(t, snapshotOf(shapes['a DNAME'] as string), 'nsec', ALGORITHM.ECDSAP256SHA256);
    const hit = view.findIndex((rrset) => wireToName(rrset.owner) === `ns1.${ZONE}` && inflict(rrset) !== rrset);
    t.ok(hit >= 0);
    const file = written(view.with(hit, inflict(view[hit] as ViewRRset)));
    for (const [judge, ask] of Object.entries(judges)) t.notOk(ask(file, ZONE, true).isGood, judge);
  });
}
