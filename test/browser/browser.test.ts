/** What looks at pages can fail: a fault that stays is found, and one that is over in a moment is none. */
import t from 'tap';
import { beBrief, bePatient, PATIENCE_MS, patienceMs, soon } from '../fixtures/soon.ts';
import { overflow, pressAgain, seriousFaults, startBrowser, unfold, waitPatiently } from './browser.ts';

/** Short, for faults that are meant. */
const LASTING_MS = 1000;
const page = (body: string): string =>
  `<!doctype html><html lang="en"><title>A page</title><main>${body}</main></html>`;
const wide = '<div id="wide" style="width: 500px; height: 5px"></div>';

t.test('a page is judged by what it comes to', async (t) => {
  const browser = await startBrowser(t);
  const view = await browser.newPage({ viewport: { width: 320, height: 640 } });

  await view.setContent(page(wide));
  t.ok((await overflow(view, LASTING_MS)) >= 180, 'what is wider than the window, and stays');
  await view.setContent(page('<button></button><p style="color: #eee">Hardly to be read</p>'));
  t.match(await seriousFaults(view, LASTING_MS), [/^button-name: /, /^color-contrast: /]);

  await view.setContent(page(wide));
  await view.evaluate("setTimeout(() => document.querySelector('#wide').remove(), 700)");
  t.equal(await overflow(view), 0, 'a drawing of the old width is replaced');
  await view.setContent(page('<p style="color: #eee">Hardly to be read</p>'));
  await view.evaluate("setTimeout(() => { document.querySelector('p').style.color = '#111'; }, 700)");
  t.same(await seriousFaults(view), [], 'a colour on its way');
  await view.setContent(
    page(`<style>#wide { animation: 1s grow } @keyframes grow { to { height: 9px } }</style>${wide}`),
  );
  t.ok((await overflow(view, LASTING_MS)) >= 180, 'what moves is judged once it has come to rest');
});

t.test('a window that becomes narrower is not wider than itself for a moment', async (t) => {
  const browser = await startBrowser(t);
  const view = await browser.newPage({ viewport: { width: 1280, height: 640 } });
  await view.setContent(page('<div style="width: 100%">A page</div>'));
  await view.setViewportSize({ width: 320, height: 640 });
  t.equal(await overflow(view), 0);
});

t.test('a test that ends while a reply is still looked at does not fail by it', async (t) => {
  const stuck = Promise.withResolvers<void>();
  const teardowns: (() => Promise<void>)[] = [];
  const browser = await startBrowser({ teardown: (work) => void teardowns.push(work) });
  const view = await browser.newPage();
  const looked = Promise.withResolvers<void>();
  let failed = 0;
  view.on('response', async (response) => {
    looked.resolve();
    await stuck.promise;
    await response.json().catch((error) => {
      failed++;
      throw error;
    });
  });
  await view.route('**/*', (route) => route.fulfill({ body: '{}', contentType: 'application/json' }));
  await view.goto('http://page.invalid/');
  await looked.promise;
  for (const work of teardowns) await work();
  stuck.resolve();
  await soon(t).equal(() => failed, 1);
});

t.test('a press that is lost is made again, and what never unfolds is told so', async (t) => {
  t.teardown(bePatient);
  const view = await (await startBrowser(t)).newPage();
  const fold = (more: string): string => `<details><summary ${more}>Health checks</summary><p>None</p></details>`;
  await view.setContent(page(fold('')));
  await unfold(view, 'Health checks');
  t.ok(await view.getByText('None').isVisible());
  // What is moved away below the press gets no click.
  await view.setContent(page(fold(`onmousedown="this.parentElement.style.marginTop = '300px'"`)));
  await unfold(view, 'Health checks');
  t.ok(await view.getByText('None').isVisible());
  await view.setContent(page(fold('onclick="return false"')));
  beBrief();
  await t.rejects(unfold(view, 'Health checks'), { message: '"Health checks" does not unfold' });
});

t.test('what moves away below a press is pressed all the same, and all else once', async (t) => {
  const browser = await startBrowser(t);
  const button = (more: string): string =>
    page(`<button onclick="this.textContent += '!'" ${more}>Press</button><p>beside</p>`);
  const moves = button(`onmousedown="this.style.marginTop = '300px'"`);
  for (const [isAgain, html, presses, wanted] of [
    [false, moves, 1, 'Press'],
    [true, moves, 1, 'Press!'],
    [true, button(''), 1, 'Press!'],
    [true, button(''), 2, 'Press!!'],
    [true, button(`onmousedown="this.disabled = true; this.style.marginTop = '300px'"`), 1, 'Press'],
  ] as const) {
    const context = await browser.newContext();
    if (isAgain) await pressAgain(context);
    const view = await context.newPage();
    await view.goto(`data:text/html,${encodeURIComponent(html)}`);
    await view.locator('button').click({ clickCount: presses });
    // What comes late would be here by then: in the same order as timers and events come.
    await view.evaluate('new Promise((done) => setTimeout(() => requestAnimationFrame(done), 50))');
    t.equal(await view.locator('button').textContent(), wanted, `${isAgain} ${html}`);
    await context.close();
  }
});

t.test('what the page of a test that fails shows is told, and the others of its page wait briefly', async (t) => {
  const afterEach: ((each: { passing(): boolean }) => Promise<void>)[] = [];
  const ends: (() => Promise<void>)[] = [];
  const told: string[] = [];
  const browser = await startBrowser({
    teardown: (work) => void ends.push(work),
    afterEach: (work) => void afterEach.push(work),
    comment: (text) => void told.push(text),
  });
  t.teardown(async () => {
    bePatient();
    for (const work of ends) await work();
  });
  const context = await browser.newContext();
  waitPatiently(context);
  const view = await context.newPage();
  await view.setContent(page('<p>Nothing is there</p>'));
  const ended = async (isPassing: boolean): Promise<void> => {
    for (const work of afterEach) await work({ passing: () => isPassing });
  };
  const missing = view.getByText('never there');
  await ended(true);
  t.equal(patienceMs(), PATIENCE_MS);
  t.same(told, []);
  await ended(false);
  t.ok(patienceMs() < PATIENCE_MS);
  t.match(told, [/^about:blank shows:\nNothing is there$/]);
  await t.rejects(missing.waitFor(), { message: new RegExp(`Timeout ${patienceMs()}ms exceeded`) });
});
