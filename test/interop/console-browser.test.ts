/** What looks at pages can fail: a fault that stays is found, and one that is over in a moment is none. */
import t from 'tap';
import { soon } from '../fixtures/soon.ts';
import { overflow, seriousFaults, startBrowser } from './console-browser.ts';

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
