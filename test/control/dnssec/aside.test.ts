/** Signed zones that are built aside: imported ones come signed, and nothing of it is made in the command. */
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { ZoneFiles } from '../../../src/control/zone-files/zone-files.ts';
import { Problem } from '../../../src/model/errors.ts';
import { systemClock } from '../../../src/server/system-clock.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import { bluegreen, NOON_MS, temporaryFolder } from '../../fixtures/engine.ts';
import { makeKeyring } from '../../fixtures/keyring.ts';
import { beginSigned, type SignedEngine } from '../../fixtures/signed-engine.ts';
import { makeGround } from '../../fixtures/signing.ts';
import { collectAll } from '../../fixtures/table.ts';

const zone = 'example.com';
const keyring = makeKeyring();
const signCommand = (body: object = {}): Command =>
  ({ kind: 'dnssec.sign', zone, body, key: keyring.make(zone, 13, NOON_MS), isGiven: false }) as Command;
const head = `$ORIGIN example.com.
@ 3600 SOA ns1.example.net. h.example.com. 1 7200 3600 1209600 60
@ 3600 NS ns1.example.net.
`;
const shapes = `www 60 A 192.0.2.1
www 60 AAAA 2001:db8::1
alias 60 CNAME www
*.wild 60 TXT "wild"
deep.ent 60 MX 10 mail.example.net.
mail 300 A 192.0.2.9
mail 60 A 192.0.2.10
tree 60 DNAME other.example.net.
cut 60 NS ns.cut
ns.cut 60 A 192.0.2.5
safe 60 NS ns.safe
safe 60 DS 12345 13 2 49FD46E6C4B45C55D4AC69CBD3CD34AC1AFE51DE8A2F5F1D0D5C1E0E9C2A1F3B
ns.safe 60 A 192.0.2.6
`;
const many = (count: number): string =>
  Array.from({ length: count }, (_, i) => `n${i} 60 A 192.0.2.${i % 250}\n`).join('');

const names = ['', 'www.', 'alias.', 'nope.', 'x.wild.', 'wild.', 'ent.', 'deep.ent.', 'mail.', 'x.tree.', 'tree.'];
const more = ['cut.', 'x.cut.', 'safe.', 'x.safe.', 'app.', 'blue.app.', 'green.app.', 'x.app.', '0.', 'zzz.', 'n7.'];
const types = [TYPE.A, TYPE.AAAA, TYPE.TXT, TYPE.MX, TYPE.SOA, TYPE.NS, TYPE.DS, TYPE.DNSKEY, TYPE.CDS, TYPE.CNAME];

function allGood(t: Test, { bogus }: SignedEngine, when: string): void {
  const wrong = [...names, ...more].flatMap((name) =>
    types.flatMap((type) => {
      const why = bogus(`${name}${zone}`, type);
      return why === undefined ? [] : [`${name}${zone} ${type}: ${why}`];
    }),
  );
  t.same(wrong, [], when);
}

function beginAside(t: Test) {
  const folder = temporaryFolder(t);
  // Where the builder thread looks for signatures too.
  const ground = makeGround(folder);
  t.teardown(() => ground.file.close());
  const world = beginSigned(t, { folder, ground, ring: keyring });
  const files = new ZoneFiles(world.store, world.table, world.engine, systemClock);
  files.signing = world.signers;
  t.teardown(() => files.stop());
  const send = async (text: string): Promise<void> => {
    const result = await files.import(zone, Buffer.from(text), { actor: 'test', atMs: NOON_MS });
    if (result instanceof Problem) throw new Error(`${result.code}: ${result.detail}`);
  };
  return { ...world, files, send };
}

for (const denial of ['nsec', 'nsec3'])
  t.test(`an import of a signed zone is signed while it is staged, by ${denial}`, async (t) => {
    const world = beginAside(t);
    const { send, must, ground, table } = world;
    await send(`${head}${shapes}`);
    must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(90, 10) } as unknown as Command);
    must(signCommand({ denial }));
    allGood(t, world, 'signed in the command');
    collectAll(table);
    const { usedBytes } = table.memory;
    const { made } = ground.kept;
    await send(`${head}${shapes}${many(600)}`);
    t.ok(ground.kept.made - made <= 8, `${ground.kept.made - made} signatures in the command: of the SOA, mostly`);
    allGood(t, world, 'imported');
    t.equal(world.message('n7.example.com', TYPE.A).records.length, 2);
    must({ kind: 'rrset.delete', zone, name: 'n8.example.com', type: 'A' } as unknown as Command);
    must({ kind: 'service.delete', name: 'app.example.com' } as unknown as Command);
    must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(50, 50) } as unknown as Command);
    allGood(t, world, 'changed after it');
    await send(`${head}${shapes}`);
    allGood(t, world, 'imported as before');
    collectAll(table);
    t.ok(table.memory.usedBytes < usedBytes * 1.2, 'what was replaced is given back');
  });

t.test('a signing that changes while a zone is staged counts', async (t) => {
  const world = beginAside(t);
  await world.send(`${head}${shapes}`);
  world.must(signCommand());
  const importing = world.send(`${head}${shapes}${many(50)}`);
  await new Promise((resolve) => setImmediate(resolve));
  world.must({ kind: 'dnssec.unsign', zone, force: true });
  await importing;
  t.same(
    world.message('n7.example.com', TYPE.A).records.map(({ type }) => type),
    [TYPE.A],
  );
  const again = world.send(`${head}${shapes}`);
  world.must(signCommand());
  await again;
  allGood(t, world, 'signed meanwhile');
});
