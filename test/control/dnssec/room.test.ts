/** Large zones for whose signatures there is no room: refused where that is plain, and told where it turns out later. */
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { Signings, type SigningView } from '../../../src/control/dnssec/signings.ts';
import { signingReply } from '../../../src/control/replies/dnssec.ts';
import type { ZoneSigning } from '../../../src/model/dnssec/signing.ts';
import type { Entry } from '../../../src/model/entry.ts';
import type { Zone } from '../../../src/model/zone.ts';
import { applierOf } from '../../../src/server/fleet/imports.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import { allGood, beginLarge, head, many, shapes, signCommand, zone } from '../../fixtures/aside.ts';
import { NOON_MS } from '../../fixtures/engine.ts';
import { makeKeyring } from '../../fixtures/keyring.ts';
import { comesTo } from '../../fixtures/soon.ts';
import { collectAll } from '../../fixtures/table.ts';

t.test('a large zone for whose signatures there can be no room is refused, and nothing has changed', async (t) => {
  const { send, code, store, message } = beginLarge(t, { more: { tableMaxBytes: 2 ** 20 } });
  await send(`${head}${shapes}${many(3000)}`);
  const { lastRevision } = store;
  t.equal(code(signCommand()), 'table_full');
  t.equal(store.lastRevision, lastRevision);
  t.equal(store.signing(zone), undefined);
  t.notOk(message(zone, TYPE.DNSKEY).records.some(({ type }) => type === TYPE.DNSKEY));
});

t.test(
  'what other nodes have taken is taken, room or not: a node that refused it would be behind with all else',
  async (t) => {
    const { send, code, store, signers, engine, table } = beginLarge(t, { more: { tableMaxBytes: 2 ** 20 } });
    await send(`${head}${shapes}${many(3000)}`);
    t.equal(code(signCommand()), 'table_full', 'by itself');
    const apply = (): undefined => {
      t.equal(code(signCommand()), 'none');
    };
    applierOf({ ...engine, apply } as unknown as typeof engine, store, signers, table).apply({} as Entry);
    t.ok(signers.wanted.has(zone));
    t.equal(signers.mustTake, false);
  },
);

t.test(
  'where there turns out to be none while it is built, it is answered as before, and the status says why',
  async (t) => {
    const world = beginLarge(t, { more: { tableMaxBytes: 2 ** 20 } });
    const { send, must, store, signers, lines } = world;
    await send(`${head}${shapes}${many(1900)}`);
    must(signCommand());
    for (let tries = 0; !signers.failures.has(zone) && tries < 3000; tries++)
      await new Promise((done) => setTimeout(done, 20));
    const heldUp = (of: string) => signers.failures.get(of);
    const signings = new Signings(store, makeKeyring(), { isBehind: (of) => signers.isBehind(of), heldUp });
    const view = signings.view(zone);
    t.match(view, { signing: { stage: 'signing' }, heldUp: /room/ });
    t.match(
      signingReply((view as SigningView).signing, view as SigningView).status,
      /being signed.*no room.*tried again\.$/,
    );
    t.same(world.ask('n7.example.com'), ['192.0.2.7']);
    t.match(lines, [/tried again/]);
  },
);

const FILLED = 'filled.test';

/** A large signed zone in a table that has no room for it twice. */
async function beginFull(t: Test) {
  const world = beginLarge(t, { more: { tableMaxBytes: 2 ** 21 } });
  const { send, must, done, files, table, store } = world;
  await send(`${head}${shapes}${many(1500)}`);
  must(signCommand());
  await done();
  collectAll(table);
  const text = `$ORIGIN ${FILLED}.\n${head.split('\n').slice(1).join('\n')}${many(5500)}`;
  await files.import(FILLED, Buffer.from(text), { actor: 'test', atMs: NOON_MS });
  t.ok(store.zone(FILLED));
  collectAll(table);
  return world;
}

const negative = (store: { zone(name: string): Zone | undefined }, negativeTtlSeconds: number): Command => {
  const { nameservers, hostmaster } = store.zone(zone) as Zone;
  return { kind: 'zone.put', zone, body: { nameservers, hostmaster, negativeTtlSeconds } } as unknown as Command;
};

t.test('proofs of a zone for which there is no room twice are made anew in their places', async (t) => {
  const world = await beginFull(t);
  const { must, store, signers, done, lines } = world;
  must(negative(store, 90));
  t.ok(signers.wanted.has(zone), 'left to who builds it');
  await done();
  t.same(lines, []);
  t.equal(signers.failures.size, 0);
  t.ok(signers.isInForce(store.signing(zone) as ZoneSigning));
  const proofs = ['n7', 'n700', 'n1499', 'nope'].flatMap((name) =>
    world.message(`${name}.${zone}`, TYPE.TXT).records.filter(({ type }) => type === TYPE.NSEC),
  );
  t.same([...new Set(proofs.map(({ ttl }) => ttl))], [90]);
  allGood(t, world, 'made anew');
});

t.test('a zone that cannot be built to be signed in another way is kept with signatures that hold', async (t) => {
  const world = await beginFull(t);
  const { must, signers, keeper, ground } = world;
  const sign = { ...signCommand({ denial: 'nsec3' }), key: undefined };
  must(sign as unknown as Command);
  t.ok(
    await comesTo(
      () => signers.failures.has(zone),
      (is) => is,
    ),
    'there is no room for it',
  );
  const { made } = ground.kept;
  const first = signers.nextExpiry() as number;
  ground.atMs += 8 * 86_400_000;
  t.equal(await keeper.look(zone), undefined);
  t.ok(ground.kept.made - made > 3000, `${ground.kept.made - made} were due`);
  t.ok((signers.nextExpiry() as number) > first + 4 * 86_400);
  t.ok(signers.wanted.has(zone), 'it is still to be signed so');
  allGood(t, world, 'as before');
});

t.test('a signing that changes by the same keys forgets no proofs that are left', async (t) => {
  const world = beginLarge(t);
  const { send, must, store, signers, done } = world;
  await send(`${head}${shapes}${many(100)}`);
  must(signCommand());
  await done();
  must(negative(store, 90));
  const again = { ...signCommand({ zonemd: true }), key: undefined };
  must(again as unknown as Command);
  t.notOk(signers.isInForce(store.signing(zone) as ZoneSigning));
  await done();
  const proofs = world.message(`n77.${zone}`, TYPE.TXT).records.filter(({ type }) => type === TYPE.NSEC);
  t.same([...new Set(proofs.map(({ ttl }) => ttl))], [90]);
});
