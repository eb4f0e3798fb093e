/** A signed zone as others are to hold it: with the very signatures that are answered, each service as its heaviest pool. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { Signers } from '../../../src/control/dnssec/signers.ts';
import { Signings } from '../../../src/control/dnssec/signings.ts';
import { exportSigned, signedView } from '../../../src/control/zone-files/signed-export.ts';
import { Problem } from '../../../src/model/errors.ts';
import { wireToName } from '../../../src/model/name.ts';
import type { ViewRRset } from '../../../src/signing/sorted-rrsets.ts';
import type { RRsetSigner } from '../../../src/table/rrset-signer.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import { bluegreen, makeEngine, NOON_MS, temporaryFolder } from '../../fixtures/engine.ts';
import { makeKeyring } from '../../fixtures/keyring.ts';
import { makeGround } from '../../fixtures/signing.ts';
import { snapshotIn, type ZoneSnapshot } from '../../fixtures/zone-snapshot.ts';

const zone = 'example.com';
const put = (name: string, type: string, ...rdata: string[]): Command =>
  ({ kind: 'rrset.put', zone, name, type, body: { ttlSeconds: 60, rdata } }) as unknown as Command;
const service = (name: string, pools: object, more: object = {}): Command =>
  ({ kind: 'service.put', name, body: { pools, ...more } }) as unknown as Command;
const pool = (weight: number, ...targets: string[]) => ({ weight, targets });

function begin(t: Test) {
  const ground = makeGround(temporaryFolder(t));
  ground.atMs = NOON_MS;
  ground.isLenient = true;
  t.teardown(() => ground.file.close());
  const keyring = makeKeyring();
  const signers = new Signers(keyring, ground);
  const fixture = makeEngine(t, { signers });
  ground.isLenient = false;
  const { must, store } = fixture;
  must({ kind: 'zone.put', zone, body: { nameservers: ['ns1.example.com'], hostmaster: 'h.example.com' } });
  for (const command of [
    put('ns1.example.com', 'A', '192.0.2.53'),
    put('*.wild.example.com', 'TXT', '"wild"'),
    put('deep.ent.example.com', 'MX', '10 mail.example.net.'),
    put('child.example.com', 'NS', 'ns.child.example.com.'),
    put('ns.child.example.com', 'A', '192.0.2.9'),
    put('secure.example.com', 'NS', 'ns1.example.com.'),
    put('secure.example.com', 'DS', `60485 13 2 ${'AB'.repeat(32)}`),
    put('old.example.com', 'DNAME', 'elsewhere.test.'),
    service('app.example.com', { blue: pool(10, '192.0.2.1', '2001:db8::1'), green: pool(90, '192.0.2.2') }),
    service('equal.example.com', { one: pool(1, '2001:db8::3'), two: pool(1, '192.0.2.3') }, { ttlSeconds: 7 }),
    service('alias.example.com', { one: pool(1, 'ns1.example.com'), two: pool(0, 'host.example.net') }),
    put('host.app.example.com', 'TXT', '"below a service"'),
    service('example.com', bluegreen(1, 0).pools),
  ]) {
    must(command);
  }
  const key = keyring.make(zone, 13, NOON_MS);
  must({ kind: 'dnssec.sign', zone, body: {}, key, isGiven: false } as unknown as Command);
  const snapshot = (): ZoneSnapshot => snapshotIn(store.shared, zone) as ZoneSnapshot;
  return { ...fixture, ground, snapshot, signer: signers.of(zone) as RRsetSigner, signers, keyring };
}

const dataOf = (view: readonly ViewRRset[], name: string, type: number): number =>
  view.filter((rrset) => wireToName(rrset.owner) === name && rrset.type === type).flatMap(({ rdata }) => rdata).length;

t.test('nothing in it is signed anew: it is what is answered', async (t) => {
  const { ground, snapshot, signer, must } = begin(t);
  const { made } = ground.kept;
  const view = [...signedView(snapshot(), signer)];
  t.equal(ground.kept.made, made);
  t.equal(dataOf(view, zone, TYPE.RRSIG), 5, 'SOA, NS, A, DNSKEY, NSEC');
  t.equal(dataOf(view, 'app.example.com', TYPE.AAAA), 0, 'the heaviest pool has none');
  t.equal(dataOf(view, 'equal.example.com', TYPE.AAAA), 1, 'the first among equals');
  t.equal(dataOf(view, 'equal.example.com', TYPE.A), 0);
  t.equal(dataOf(view, 'child.example.com', TYPE.RRSIG), 1, 'of a delegation its NSEC alone');
  t.equal(dataOf(view, 'secure.example.com', TYPE.RRSIG), 2, 'and its DS');
  t.equal(dataOf(view, 'ns.child.example.com', TYPE.RRSIG), 0, 'of glue nothing');
  const weights = { blue: 50, green: 50 };
  must({ kind: 'weights.put', name: 'app.example.com', weights } as unknown as Command);
  t.equal(dataOf([...signedView(snapshot(), signer)], 'app.example.com', TYPE.AAAA), 1, 'another pool after a shift');
  t.equal(ground.kept.made, made);
});

t.test('a thread finds all in the file, with no key at hand', async (t) => {
  const { ground, snapshot, keyring } = begin(t);
  ground.kept.flush();
  const parts = { keys: [], nowMs: NOON_MS, directory: ground.directory };
  const text = (of: typeof parts): string => Buffer.concat(exportSigned(snapshot(), of)).toString();
  const refused = { message: /^Its key came while the zone was read/ };
  const whole = text(parts);
  t.match(whole, /^app\s+\d+\s+IN\s+RRSIG\s+A /m);
  t.match(whole, /^; service app\.example\.com\. /m);
  // Signatures that are due are the ones that are answered still.
  const late = { ...parts, nowMs: NOON_MS + 9 * 86_400_000 };
  t.equal(text(late), whole);
  const ended = { ...parts, nowMs: NOON_MS + 15 * 86_400_000 };
  t.throws(() => text(ended), refused);
  const elsewhere = { ...parts, directory: mkdtempSync(join(ground.directory, 'empty-')) };
  t.throws(() => text(elsewhere), refused, 'what is not kept needs the key');
  const { signing } = snapshot();
  const keys = (signing?.keys ?? []).map((key) => [key.id, keyring.privateKey(zone, key)] as const);
  t.equal(text({ ...elsewhere, keys } as typeof parts).split('\n').length, whole.split('\n').length);
});

t.test('before all is answered as it is to be signed there is no file', async (t) => {
  const { snapshot, store, signers, keyring } = begin(t);
  const signings = new Signings(store, keyring, { isBehind: (name) => signers.isBehind(name) });
  t.notOk(signings.exportKeys(zone, NOON_MS) instanceof Problem);
  const { signing } = snapshot();
  const undo = signers.want(zone, signing);
  t.match(signings.exportKeys(zone, NOON_MS), { code: 'signing_state' });
  t.match(signings.exportRefusal(zone), { code: 'signing_state' }, 'also where that began while it was read');
  undo();
  t.equal(signings.exportRefusal(zone), undefined);
  const seen = signers.begin(zone);
  t.match(signings.exportKeys(zone, NOON_MS), { code: 'signing_state' });
  seen();
  const locked = new Signers(makeKeyring(Buffer.alloc(32, 9)), makeGround(temporaryFolder(t)));
  locked.set(zone, signing);
  locked.begin(zone);
  t.notOk(locked.isBehind(zone), 'where nothing can be signed, it is answered as it is');
});
