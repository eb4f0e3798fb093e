/** Names as long as names may be, and words from right to left, on every page at 320 pixels: nothing is wider, nothing is mixed up. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import { openPage, overflow, seriousFaults, signIn, startConsole, type View } from './browser.ts';

/** Where pictures go of what is looked at, for people. */
const PICTURES = process.env.TEAL_PICTURES;

/** RFC 1035 §2.3.4: labels of 63 octets, and 253 characters in all. */
const label = (letter: string, length = 63): string => letter.repeat(length);
const ZONE = `${label('z')}.${label('y')}.${label('x')}.test`;
const SERVICE = `${label('s', 253 - ZONE.length - 1)}.${ZONE}`;
/** As long as a pool's name may be. */
const POOL = label('g');
/** Arabic, a name of ours within, Hebrew. */
const RTL = 'نقل الخدمة app.example.com إلى الخادم الجديد שירות חדש';
/** It turns the order of all that follows, and is refused. */
const TURNED = 'x \u202e y';
const HOST = `${label('t')}.${label('u')}.${label('v')}.${label('w', 61)}`;

const VIEWS: readonly View[] = [
  { width: 320, height: 720, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
];

/** Text of somebody else's that is shown outside of an element that holds its direction. */
const LOOSE = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const loose = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (!/[\\u0590-\\u08ff]/.test(node.data)) continue;
    let element = node.parentElement;
    const isolated = (each) => {
      const { unicodeBidi, display } = getComputedStyle(each);
      return /isolate|plaintext/.test(unicodeBidi) || /block|flex|grid|table-cell|list-item/.test(display);
    };
    while (element !== null && !isolated(element)) element = element.parentElement;
    const whole = element?.textContent ?? '';
    // A block of its own is fine where nothing of ours stands beside.
    if (element === null || (!/isolate|plaintext/.test(getComputedStyle(element).unicodeBidi) && whole.trim() !== node.data.trim()))
      loose.push(node.parentElement.outerHTML.slice(0, 200));
  }
  return loose;
})()`;

/** Words and numbers of ours that a line ends in the middle of, since a long name beside them takes their place. */
const BROKEN = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const broken = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    for (const { 0: word, index } of node.data.matchAll(/[A-Za-z]{2,14}(?![A-Za-z0-9.-])|[0-9]+%|[0-9]{2,5}(?![A-Za-z0-9.:-])/g)) {
      if (/[A-Za-z0-9.:/-]/.test(node.data[index - 1] ?? ' ')) continue;
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (lines.size > 1) broken.push(word);
    }
  }
  return broken;
})()`;

t.test('names of 253 characters and words from right to left', async (t) => {
  const it = await startConsole(t, t.testdir());
  const { teal } = it;
  const call = async (method: string, path: string, body: object, status: number): Promise<void> => {
    const reply = await teal.call(method, path, body);
    t.equal(reply.status, status, `${method} ${path}: ${JSON.stringify(reply.body)}`);
  };
  t.equal(SERVICE.length, 253);
  const plain = { nameservers: ['ns1.example.test'], hostmaster: 'hostmaster.example.test' };
  await call('PUT', '/v1/zones/turned.test', { ...plain, reason: TURNED }, 422);
  const why = { reason: RTL, links: [`https://git.example.com/${'c'.repeat(300)}`] };
  await call(
    'PUT',
    `/v1/zones/${ZONE}`,
    { nameservers: [HOST], hostmaster: `hostmaster.${HOST}`.slice(-253), ...why },
    201,
  );
  const pools = {
    blue: { weight: 90, targets: ['2001:db8:1111:2222:3333:4444:5555:6666', '192.0.2.10'] },
    [POOL]: { weight: 10, targets: ['192.0.2.20'] },
  };
  const health = { tcp: { port: 9 }, intervalSeconds: 60 };
  const labels = { [label('k')]: label('v'), team: 'web' };
  await call('PUT', `/v1/services/${SERVICE}`, { pools, health, labels, ...why }, 201);
  await call('PUT', `/v1/services/${SERVICE}/weights`, { blue: 50, [POOL]: 50, ...why }, 200);
  const text = { ttlSeconds: 300, rdata: [`"${'long'.repeat(60)}" "${'more'.repeat(60)}"`], ...why };
  await call('PUT', `/v1/zones/${ZONE}/rrsets/${label('r', 50)}.${ZONE}/TXT`, text, 201);
  const steps = [{ setWeight: 60 }, { pause: {} }, { setWeight: 100 }];
  await call('POST', `/v1/services/${SERVICE}/releases`, { to: POOL, steps, ...why }, 201);

  const pages: readonly {
    readonly name: string;
    readonly hash: string;
    readonly isThere: (page: Page) => Promise<void>;
  }[] = [
    {
      name: 'home',
      hash: '#/services',
      isThere: (page) => page.getByRole('link', { name: SERVICE }).first().waitFor(),
    },
    { name: 'service', hash: `#/services/${SERVICE}`, isThere: (page) => page.getByText(POOL).first().waitFor() },
    { name: 'zones', hash: '#/zones', isThere: (page) => page.getByRole('link', { name: ZONE }).first().waitFor() },
    { name: 'zone', hash: `#/zones/${ZONE}`, isThere: (page) => page.getByText(label('r', 50)).first().waitFor() },
    { name: 'activity', hash: '#/log', isThere: (page) => page.getByText('نقل الخدمة').first().waitFor() },
  ];
  for (const view of VIEWS) {
    const page = await openPage(it, view);
    await signIn(page, it);
    for (const { name, hash, isThere } of pages) {
      await page.goto(`/${hash}`);
      await isThere(page);
      t.equal(await overflow(page), 0, `${name} at ${view.width}`);
      t.same(await seriousFaults(page), [], `${name} at ${view.width}`);
      t.same(await page.evaluate(LOOSE), [], `${name} at ${view.width}`);
      t.same(await page.evaluate(BROKEN), [], `${name} at ${view.width}`);
      if (PICTURES === undefined) continue;
      mkdirSync(PICTURES, { recursive: true });
      await page.screenshot({ path: join(PICTURES, `${name}-${view.width}.png`), fullPage: true });
    }
    await page.context().close();
  }
  t.same(it.faults, []);
});
