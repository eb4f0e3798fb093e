/** The console where something waits for a second person, or is frozen: said, greyed with the reason, decided. */
import t from 'tap';
import { soon } from '../fixtures/soon.ts';
import { openPage, overflow, seriousFaults, startConsole, visit } from './browser.ts';

const always = {
  timeZone: 'UTC',
  windows: [
    { from: 'Mon 00:00', to: 'Thu 00:00' },
    { from: 'Thu 00:00', to: 'Mon 00:00' },
  ],
  message: 'Stocktaking',
};

t.test('proposals, approvals and freezes', async (t) => {
  const it = await startConsole(t, t.testdir());
  const { teal } = it;
  const tokens: Record<string, string> = {};
  for (const name of ['alice', 'bob']) {
    tokens[name] = (await teal.call('POST', '/v1/tokens', { name, scope: 'release' })).body.secret;
  }
  const app = '/v1/services/app.example.test';
  const { pools } = (await teal.call('GET', app)).body;
  t.equal((await teal.call('PUT', app, { pools, approval: 'required' })).status, 200);
  const as = (name: string, method: string, path: string, body: object) =>
    teal.call(method, path, body, { authorization: `Bearer ${tokens[name]}` });
  const enter = async (name: string, width: number) => {
    const page = await openPage(it, { width, colorScheme: width === 320 ? 'dark' : 'light' });
    await page.addInitScript(`sessionStorage.setItem('teal.token', ${JSON.stringify(tokens[name])})`);
    return page;
  };
  const asked = await as('alice', 'POST', '/v1/shifts', {
    services: { 'app.example.test': { blue: 0, green: 100 } },
    reason: 'Cut-over',
  });
  t.equal(asked.status, 202, JSON.stringify(asked.body));

  const alice = await enter('alice', 320);
  await visit(alice, '#/services', 'Services');
  await alice.getByText('waits for somebody').first().waitFor();
  const own = alice.getByRole('button', { name: /^Approve proposal/ });
  await own.waitFor();
  await soon(t).equal(() => own.getAttribute('aria-disabled'), 'true');
  await soon(t).match(() => own.getAttribute('title'), /You asked for this: somebody else approves it/);
  t.equal(await overflow(alice), 0);
  t.same(await seriousFaults(alice), []);

  const bob = await enter('bob', 1280);
  await visit(bob, '#/services/app.example.test', 'app.example.test');
  await bob.getByRole('button', { name: /^Approve proposal/ }).click();
  await bob
    .getByText(/^Proposal \d+ is approved\.$/)
    .first()
    .waitFor();
  t.match((await teal.call('GET', `${app}/weights`)).body.weights, { blue: 0, green: 100 });
  // Else the next press may be on the button of this one, which the page has not read again.
  await bob.getByRole('button', { name: /^Approve proposal/ }).waitFor({ state: 'detached' });

  await as('alice', 'POST', '/v1/shifts', { services: { 'app.example.test': { blue: 10, green: 90 } } });
  await teal.call('PUT', '/v1/freezes/always', always);
  await bob.getByRole('button', { name: /^Approve proposal/ }).click();
  const anyway = bob.getByRole('button', { name: /^Approve, in spite of the freeze: proposal \d+$/ });
  await anyway.waitFor();
  t.same(await seriousFaults(bob), [], 'a button is called what stands on it');
  await bob.getByLabel('What the emergency is').fill('Blue is on fire');
  await anyway.click();
  await soon(t).match(
    async () => JSON.stringify((await teal.call('GET', `${app}/weights`)).body.weights),
    /"green":90/,
  );
  await teal.call('DELETE', '/v1/freezes/always');

  const steps = [{ setWeight: 50 }, { pause: { approval: { by: 'other' } } }, { setWeight: 100 }];
  const begun = await as('alice', 'POST', `${app}/releases`, { to: 'blue', steps });
  await as('bob', 'POST', `/v1/proposals/${begun.body.id}/approve`, {});
  await visit(alice, '#/services/app.example.test', 'app.example.test');
  const step = alice.getByRole('button', { name: 'Approve', exact: true });
  await step.waitFor();
  await soon(t).equal(() => step.getAttribute('aria-disabled'), 'true');
  t.equal(await overflow(alice), 0);
  t.same(await seriousFaults(alice), []);
  t.equal((await teal.call('PUT', '/v1/freezes/always', always)).status, 201);
  await bob.getByRole('button', { name: 'Approve', exact: true }).click();
  await bob
    .getByText(/waits: traffic is frozen by the freeze always/)
    .first()
    .waitFor();
  await bob.getByText('Frozen.').waitFor();
  await soon(t).text(bob.locator('.message', { hasText: 'Frozen.' }), /Stocktaking.*without an end.*rollback/s);
  const promote = bob.getByRole('button', { name: 'Promote', exact: true });
  await soon(t).equal(() => promote.getAttribute('aria-disabled'), 'true');
  t.same(await seriousFaults(bob), []);
  t.equal((await teal.call('DELETE', '/v1/freezes/always')).status, 204);
  await bob.getByText('All steps are done.').first().waitFor();
  t.match((await teal.call('GET', `${app}/weights`)).body.weights, { blue: 100, green: 0 });
  t.same(it.faults, []);
});
