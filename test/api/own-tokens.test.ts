/** Tokens that people make for themselves, and what is known of whose they are. */
import t from 'tap';
import { signedInAt, startWorlds } from '../fixtures/people.ts';

const start = await startWorlds(t);

t.test('a token that somebody made for themselves is theirs, whatever they are called later', async (t) => {
  const world = await start(t);
  const { ann } = world.identities.people as { ann: { email: string } };
  const { browser, app } = await signedInAt(t, world, 'required');
  const make = async (body: object, maker?: string): Promise<string> => {
    const made = maker
      ? await world.request('POST', '/v1/tokens', { token: maker, body })
      : await browser.ask('POST', '/v1/tokens', body);
    t.equal(made.statusCode, 201);
    t.notMatch(made.body, /ubject/, 'told to nobody');
    return made.json().secret;
  };
  const own = await make({ name: 'own', scope: 'admin', owner: 'Ann@example.com' });
  const ofOwn = await make({ name: 'of-own', scope: 'release', owner: 'ann@example.com' }, own);
  const bobs = await make({ name: 'bobs', scope: 'release', owner: 'bob@example.com' });
  const nobodys = await make({ name: 'nobodys', scope: 'release' });
  let green = 0;
  const weights = () => ({ blue: 1000, green: ++green });
  const propose = async (token: string) =>
    `/v1/proposals/${(await world.request('PUT', `${app}/weights`, { token, body: weights() })).json().id}`;
  const byOwn = await propose(own);
  const byOfOwn = await propose(ofOwn);
  const bySession = `/v1/proposals/${(await browser.ask('PUT', `${app}/weights`, weights())).json().id}`;
  ann.email = 'ann.new@example.com';
  await browser.signIn();
  for (const proposed of [byOwn, byOfOwn])
    t.match((await browser.ask('POST', `${proposed}/approve`, {})).json(), { code: 'approval_own' });
  for (const token of [own, ofOwn])
    t.match((await world.request('POST', `${bySession}/approve`, { token, body: {} })).json(), {
      code: 'approval_own',
    });
  const latest = await make({ name: 'latest', scope: 'release', owner: 'ann.new@example.com' });
  t.match((await world.request('POST', `${byOwn}/approve`, { token: latest, body: {} })).json(), {
    code: 'approval_own',
  });
  for (const token of [bobs, nobodys]) {
    const proposed = await propose(own);
    const approved = await world.request('POST', `${proposed}/approve`, { token, body: {} });
    t.match(approved.json(), { state: 'done' }, 'one that she made for others is theirs');
  }
  t.notMatch((await browser.ask('GET', '/v1/tokens')).body, /ubject"/);
  t.notMatch((await browser.ask('GET', '/v1/revisions?limit=100')).body, /"subject":/);
});
