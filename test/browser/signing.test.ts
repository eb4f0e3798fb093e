/** A zone is signed, rolled and unsigned in the console, with the DS copied from the page; its parent is played by the test. */
import t from 'tap';
import { dsRdataOf, startParent } from '../fixtures/dnssec/parent.ts';
import { comesTo, patienceMs, soon } from '../fixtures/soon.ts';
import { openPage, overflow, seriousFaults, settled, signIn, startConsole, unfold, visit } from './browser.ts';

const ZONE = 'example.test';
const STAGE_LIMIT_MS = 180_000;

t.test('signing in the console', async (t) => {
  const parent = await startParent(t);
  const env = { TEAL_DNSSEC_PARENT_SERVERS: parent.address };
  const it = await startConsole(t, t.testdir(), { env });
  // So that no stage waits for longer than a few seconds.
  await it.teal.call('DELETE', `/v1/zones/${ZONE}?services=delete`);
  const body = { nameservers: ['ns1.example.net'], hostmaster: 'h.example.test' };
  const short = { ttlSeconds: 1, nameserversTtlSeconds: 1, negativeTtlSeconds: 1 };
  t.equal((await it.teal.call('PUT', `/v1/zones/${ZONE}`, { ...body, ...short })).status, 201);

  const page = await openPage(it);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(page, it);
  await visit(page, `#/zones/${ZONE}`, ZONE);
  const panel = page.getByRole('region', { name: 'Signing (DNSSEC)' });
  const dialog = page.getByRole('dialog');
  const stage = (name: string) =>
    panel.getByText(name, { exact: true }).waitFor({ timeout: patienceMs(STAGE_LIMIT_MS) });

  await t.test('signed, with what will happen said before', async (t) => {
    await panel.getByText('This zone is not signed').waitFor();
    await panel.getByRole('button', { name: 'Sign…' }).click();
    await dialog.getByText('this page shows the DS for the parent').waitFor();
    t.same(await seriousFaults(page), []);
    // Short TTLs only: the page would have said 3600.
    await it.teal.call('PUT', `/v1/zones/${ZONE}/dnssec`, { dnskeyTtlSeconds: 1 });
    await dialog.getByText('while you had this open').or(dialog.getByText('is there already')).first().waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await panel
      .getByText('is being signed')
      .or(panel.getByText('is signed'))
      .or(panel.getByText('waits for'))
      .first()
      .waitFor();
  });

  await t.test('the DS is copied as it stands there', async (t) => {
    await stage('ds-needed');
    await panel.getByRole('heading', { name: 'Enter this at the parent' }).waitFor();
    await panel.getByRole('button', { name: 'Copy the DS' }).click();
    await page.getByText('The DS was copied.').first().waitFor();
    const copied = (await page.evaluate('navigator.clipboard.readText()')) as string;
    const signing = (await it.teal.call('GET', `/v1/zones/${ZONE}/dnssec`)).body;
    t.same([copied], signing.ds);
    await unfold(panel, 'In parts, for a form');
    await panel.getByText('Digest type', { exact: true }).waitFor();
    t.same(await seriousFaults(page), []);
    parent.ds = signing.ds.map(dsRdataOf);
    await stage('secure');
    await panel.getByText('nothing is waited for').waitFor();
  });

  await t.test('a refusal says why; a roll says what comes', async (t) => {
    await panel.getByRole('button', { name: 'Roll the key…' }).click();
    await dialog.getByText('A new key is made').waitFor();
    await dialog.getByRole('button', { name: 'Roll now' }).click();
    // Which stays until the parent has the DS: the stage before is over in some seconds, and holds a dialog that is open then.
    await stage('ds-needed');
    await panel.getByRole('button', { name: 'Roll the key…' }).click();
    await dialog.getByRole('button', { name: 'Roll now' }).click();
    await dialog.getByRole('alert').getByText('can be rolled when nothing is waited for').waitFor();
    await page.keyboard.press('Escape');
    const { ds } = (await it.teal.call('GET', `/v1/zones/${ZONE}/dnssec`)).body;
    t.notSame(ds.map(dsRdataOf), parent.ds, 'the DS of the new key');
    // A colleague imports the zone's file while the roll goes on: each step of it raises the serial.
    const other = await openPage(it);
    await signIn(other, it);
    await visit(other, `#/zones/${ZONE}/import`, `Import ${ZONE}`);
    await other.getByRole('button', { name: 'Load what is in force' }).click();
    const area = other.getByLabel('Zone file');
    const text = await comesTo(
      () => area.inputValue(),
      (value) => value.includes('SOA'),
    );
    await area.fill(`${text}\nwww.${ZONE}. 1 IN A 192.0.2.80\n`);
    const contentRevision = async () => (await it.teal.call('GET', `/v1/zones/${ZONE}`)).body.contentRevision;
    const loaded = await contentRevision();
    let read = 0;
    other.on('response', async (response) => {
      if (!response.url().endsWith(`/v1/zones/${ZONE}`)) return;
      // One whose page is closed meanwhile has no body.
      const zone = await response.json().catch(() => undefined);
      read = zone?.contentRevision ?? read;
    });
    const told: number[] = [];
    await other.route(`**/v1/zones/${ZONE}/file`, async (route) => {
      if (route.request().method() !== 'PUT') return route.continue();
      if (told.length === 0) parent.ds = ds.map(dsRdataOf);
      await comesTo(contentRevision, (now) => now !== loaded);
      const response = await route.fetch();
      told.push(response.status());
      await route.fulfill({ response });
    });
    const press = other.getByRole('button', { name: 'Import', exact: true });
    await press.click();
    await other.getByText('imported,', { exact: false }).first().waitFor();
    t.same(told, [412, 200], 'it was sent once more');
    await stage('secure');
    await soon(t).equal(() => panel.getByText('outgoing', { exact: true }).count(), 0);
    t.not(await contentRevision(), loaded);
    // Another roll: what is loaded in the middle of it is followed through its steps, and a large file is sent once.
    t.equal((await it.teal.call('POST', `/v1/zones/${ZONE}/dnssec/roll`, {})).status, 200);
    await stage('ds-needed');
    await settled(other);
    const inForce = await contentRevision();
    await other.getByRole('button', { name: 'Load what is in force' }).click();
    await settled(other);
    parent.ds = (await it.teal.call('GET', `/v1/zones/${ZONE}/dnssec`)).body.ds.map(dsRdataOf);
    await stage('secure');
    await soon(t).equal(() => panel.getByText('outgoing', { exact: true }).count(), 0);
    t.ok((await contentRevision()) > inForce, 'there were some since');
    await other.getByRole('button', { name: 'Import', exact: true }).and(other.locator(':enabled')).waitFor();
    t.equal(await other.getByText('Nothing is done until you decide').count(), 0, 'nobody changed it');
    // A press before the page has read the last step is sent once more, as the first one was.
    await soon(t).ok(async () => read === (await contentRevision()), 'the page reads the last step');
    await settled(other);
    await press.click();
    await soon(t).ok(() => told.length > 2 && told.at(-1) === 200);
    t.same(told.slice(2), [200], 'the page went along with the steps');
    await other.context().close();
  });

  await t.test('narrow, light and dark', async (t) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const narrow = await openPage(it, { width: 320, height: 640, colorScheme });
      await signIn(narrow, it);
      await visit(narrow, `#/zones/${ZONE}`, ZONE);
      await narrow.getByText('nothing is waited for').waitFor();
      await narrow.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })");
      t.equal(await overflow(narrow), 0, `not wider than 320, ${colorScheme}`);
      t.same(await seriousFaults(narrow), [], colorScheme);
      await narrow.context().close();
    }
  });

  await t.test('unsigned, taken back, and unsigned at once', async (t) => {
    await panel.getByRole('button', { name: 'Unsign…' }).click();
    await dialog.getByRole('button', { name: 'Begin to unsign' }).waitFor();
    // Another proof of absence moves the ETag, and nothing that this dialog is about; the page has not heard of it when the
    // button is pressed.
    const told: number[] = [];
    await page.route(`**/v1/zones/${ZONE}/dnssec`, async (route) => {
      const isPress = route.request().method() === 'DELETE';
      if (!isPress) {
        await comesTo(() => told.length, Boolean);
        return route.continue();
      }
      const response = await route.fetch();
      told.push(response.status());
      await route.fulfill({ response });
    });
    const denied = await it.teal.call('PUT', `/v1/zones/${ZONE}/dnssec`, { denial: 'nsec3' });
    t.equal(denied.status, 200);
    await dialog.getByRole('button', { name: 'Begin to unsign' }).click();
    await stage('ds-removal');
    t.same(told, [412, 204], 'it was sent once more');
    await page.unroute(`**/v1/zones/${ZONE}/dnssec`);
    await panel.getByText('take all DS records of this zone away').waitFor();
    await panel.getByRole('button', { name: 'Keep it signed…' }).click();
    // The server notes that all answer by the stage: another ETag, and nothing that somebody would decide by.
    const newest = async () => (await it.teal.call('GET', '/v1/revisions?limit=500')).body.items.at(-1).summary;
    await soon(t).equal(newest, `noted what caches may hold of ${ZONE}`);
    t.equal(await dialog.getByText('while you had this open').count(), 0);
    await dialog.getByRole('button', { name: 'Keep it signed' }).click();
    await stage('secure');
    await panel.getByRole('button', { name: 'Unsign…' }).click();
    await dialog.getByLabel('At once, whatever the parent has').check();
    await dialog.getByText('everybody who validates gets no answer').waitFor();
    t.same(await seriousFaults(page), []);
    await dialog.getByRole('button', { name: 'Unsign at once' }).click();
    await panel.getByText('This zone is not signed').waitFor();
    t.equal((await it.teal.call('GET', `/v1/zones/${ZONE}/dnssec`)).status, 404);
  });
  t.same(it.faults, []);
  await page.context().close();
});
