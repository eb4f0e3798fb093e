/** The first token, and that the last one that opens everything cannot be lost by mistake. */
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { type SettingsTokens, Tokens } from '../../src/control/tokens.ts';
import { Problem } from '../../src/model/errors.ts';
import { type EngineFixture, makeEngine, NOON_MS } from '../fixtures/engine.ts';
import { setReadOnly } from '../fixtures/store.ts';

const parts = ({ engine, store }: EngineFixture) => ({ engine, store, atMs: NOON_MS, randomBytes });

async function open(
  fixture: EngineFixture,
  settings: SettingsTokens = {},
): Promise<{ tokens: Tokens; made: string[] }> {
  const made: string[] = [];
  const tokens = await Tokens.open({ ...parts(fixture), settings, keep: (secret) => made.push(secret) });
  if (tokens instanceof Problem) throw new Error(tokens.detail);
  return { tokens, made };
}

const digest = new Uint8Array(32);
const make = (fixture: EngineFixture, name: string, more: object = {}) =>
  fixture.must({ kind: 'token.create', body: { name, scope: 'admin', ...more }, digest });
const revoke = (fixture: EngineFixture, name: string, settingsAdmin = false) =>
  fixture.code({ kind: 'token.delete', name, settingsAdmin });

t.test('the first start makes a token, as a revision; a second one makes none', async (t) => {
  const fixture = makeEngine(t);
  const first = await open(fixture);
  t.equal(first.made.length, 1);
  t.match(first.tokens.find(first.made[0]), { name: 'admin', scope: 'admin' });
  t.match(fixture.store.revision(1), { kind: 'token.create', actor: 'teal' });
  t.same((await open(fixture)).made, []);
});

t.test('where the settings bring one, none is made', async (t) => {
  const { tokens, made } = await open(makeEngine(t), { admin: 'secret', read: 'other' });
  t.same(made, []);
  t.match(
    [tokens.find('secret'), tokens.find('other'), tokens.find('')],
    [{ scope: 'admin' }, { scope: 'read' }, undefined],
  );
});

t.test('the last token that may do everything for ever stays, unless the settings bring one', async (t) => {
  const fixture = makeEngine(t);
  await open(fixture);
  make(fixture, 'brief', { expiresAt: '2030-01-01T00:00:00Z' });
  make(fixture, 'limited', { services: ['*'], zones: ['*'] });
  make(fixture, 'reader', { scope: 'read' });
  t.equal(revoke(fixture, 'admin'), 'token_needed');
  make(fixture, 'second');
  t.equal(revoke(fixture, 'admin'), 'none');
  t.equal(revoke(fixture, 'second'), 'token_needed');
  t.equal(revoke(fixture, 'brief'), 'none', 'others may go');
  t.equal(revoke(fixture, 'second', true), 'none');
});

t.test('a start without any makes another one, whatever has the name', async (t) => {
  const fixture = makeEngine(t);
  await open(fixture, { admin: 'secret' });
  make(fixture, 'admin', { scope: 'read' });
  const { tokens, made } = await open(fixture);
  t.match(tokens.find(made[0]), { name: 'admin-2', scope: 'admin' });
});

t.test('a store that cannot be written makes no token', async (t: Test) => {
  const fixture = makeEngine(t);
  setReadOnly(fixture.store, true);
  t.match(await Tokens.open({ ...parts(fixture), settings: {}, keep: () => {} }), { code: 'store_unavailable' });
});
