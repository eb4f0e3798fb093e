/** Large zones for whose signatures there is no room: refused where that is plain, and told where it turns out later. */
import t from 'tap';
import { Signings, type SigningView } from '../../../src/control/dnssec/signings.ts';
import { signingReply } from '../../../src/control/replies/dnssec.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import { beginLarge, head, many, shapes, signCommand, zone } from '../../fixtures/aside.ts';
import { makeKeyring } from '../../fixtures/keyring.ts';

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
