/** The console in a headless Chromium, with a server of its own: what the page asks for and violates is written down. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Locator, type Page, type Request } from 'playwright-core';
import { buildConsole } from '../../src/console/build.ts';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { beBrief, bePatient, comesTo, onBrief, patienceMs } from '../fixtures/soon.ts';

/** The first that is there: the whole Chromium draws a window for each context, with all that is in it. */
const BROWSERS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'] as const;
/** A fault that is there for so long stays. */
const LASTING_MS = 60_000;
/** What has not come to rest by then is looked at as it is: a page whose server hangs asks for ever. */
const REST_MS = 20_000;

/** What a press has not unfolded by then it does not. */
const UNFOLD_MS = 5_000;
/** Of a page and of a server's log where a test has failed. */
const SHOWN_MAX_CHARS = 4000;
const LINES_TOLD = 10;

export interface Console {
  readonly teal: TealProcess;
  /** The server's data. */
  readonly folder: string;
  readonly browser: Browser;
  /** Everything that was wrong in any page: other hosts, violations of the policy, errors of script. */
  readonly faults: string[];
  /** The first load's script, bytes as they were sent. */
  readonly scriptBytes: Map<string, number>;
}

/** Of a test, what is used here; a program that is none has no tests within, and nobody to tell of its failures. */
interface Within {
  teardown(work: () => Promise<void>): void;
  afterEach?(work: (each: { passing(): boolean }) => Promise<void>): void;
  passing?(): boolean;
  comment?(text: string): void;
}

/** A headless Chromium of this machine. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: BROWSERS.find(existsSync) ?? BROWSERS[0], args: ['--no-sandbox'] });

/**
 * A headless Chromium that ends when `t` does. What a page's listeners and routes still wait for then fails nothing. Once a
 * test within `t` has failed what its pages show is told, and the later ones wait briefly: the page that they share is not as
 * they need it.
 */
export async function startBrowser(t: Within): Promise<Browser> {
  bePatient();
  const browser = await launchBrowser();
  let isTold = false;
  const tellIfFailed = async (each: Pick<Within, 'passing'>): Promise<void> => {
    if (each.passing?.() !== false || isTold) return;
    isTold = true;
    await tellPages(t, browser);
  };
  t.afterEach?.(async (each) => {
    if (!each.passing()) beBrief();
    await tellIfFailed(each);
  });
  t.teardown(async () => {
    await tellIfFailed(t);
    for (const page of browser.contexts().flatMap((context) => context.pages())) {
      await page.removeAllListeners(undefined, { behavior: 'ignoreErrors' });
      await page.unrouteAll({ behavior: 'ignoreErrors' });
    }
    await browser.close();
  });
  return browser;
}

/** What stands on the pages: what was waited for in vain is not among it, and why may be. */
async function tellPages(t: Within, browser: Browser): Promise<void> {
  for (const page of browser.contexts().flatMap((context) => context.pages())) {
    const read = page.evaluate('document.body.innerText') as Promise<string>;
    const text = await Promise.race([read, sleep(UNFOLD_MS, 'it says nothing')]).catch(String);
    const open = [...(waitedFor.get(page) ?? [])].map((request) => `\nIt waits for ${request.url()}`);
    t.comment?.(`${page.url()} shows:\n${text.slice(0, SHOWN_MAX_CHARS)}${open.join('')}`);
  }
}

/** Builds the page, starts a server with its data in `folder`, and a browser; both end when `t` does. */
export async function startConsole(
  t: Within,
  folder: string,
  options: { config?: string; env?: Record<string, string> } = {},
): Promise<Console> {
  await buildConsole();
  const teal = await startTeal(folder, options);
  t.teardown(async () => void teal.child.kill('SIGKILL'));
  const browser = await startBrowser(t);
  t.afterEach?.(async (each) => {
    if (!each.passing())
      t.comment?.(
        teal.log
          .slice(-LINES_TOLD)
          .map((line) => JSON.stringify(line))
          .join('\n'),
      );
  });
  return { teal, folder, browser, faults: [], scriptBytes: new Map() };
}

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly reducedMotion?: 'reduce';
  readonly timezoneId?: string;
}

/** A page in a context of its own, so with a session of its own. */
export async function openPage({ teal, browser, faults, scriptBytes }: Console, view: View = {}): Promise<Page> {
  const { width = 1280, height = 860, ...more } = view;
  const context = await browser.newContext({ viewport: { width, height }, baseURL: teal.admin, ...more });
  waitPatiently(context);
  await pressAgain(context);
  await watch(context, new URL(teal.admin).origin, faults);
  const page = await context.newPage();
  followRequests(page);
  page.on('requestfinished', (request) => {
    if (request.resourceType() !== 'script' || scriptBytes.has(request.url())) return;
    scriptBytes.set(request.url(), 0);
    const noted = request.sizes().then(({ responseBodySize }) => scriptBytes.set(request.url(), responseBodySize));
    // A page that is closed meanwhile tells no sizes, and is no fault.
    noted.catch(() => scriptBytes.delete(request.url()));
  });
  return page;
}

/** What is done with the pages of a context waits for as long as all else does. */
export function waitPatiently(context: BrowserContext): void {
  context.setDefaultTimeout(patienceMs());
  onBrief((limitMs) => context.setDefaultTimeout(limitMs));
}

/**
 * A press of which nothing comes, since the page has moved between the button's way down and up, is made again in the pages
 * of a context, as people do: a page that is still being read moves, and on a busy machine the two are further apart.
 */
export async function pressAgain(context: BrowserContext): Promise<void> {
  await context.addInitScript(`(() => {
    let pressed;
    addEventListener('mousedown', ({ target }) => {
      pressed = target.closest?.('button, a, summary, label, input') ?? undefined;
    }, true);
    addEventListener('click', ({ target }) => {
      if (pressed?.contains(target)) pressed = undefined;
    }, true);
    addEventListener('mouseup', () => {
      const lost = pressed;
      // The click, if there is one, comes before that.
      setTimeout(() => {
        if (lost === undefined || pressed !== lost) return;
        pressed = undefined;
        if (lost.isConnected && !lost.disabled) lost.click();
      });
    }, true);
  })()`);
}

async function watch(context: BrowserContext, origin: string, faults: string[]): Promise<void> {
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin) faults.push(`a request to ${request.url()}`);
    if (/teal_|the-token/.test(request.url())) faults.push(`a token in ${request.url()}`);
  });
  context.on('weberror', (error) => faults.push(`an error: ${error.error().message}`));
  context.on('console', (message) => {
    const text = message.text();
    // Refusals are part of what is tested, and Chromium notes each.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) faults.push(`console: ${text}`);
  });
  await context.exposeFunction('violated', (what: string) => faults.push(`the policy was violated: ${what}`));
  await context.addInitScript(() => {
    const page = globalThis as unknown as {
      addEventListener(
        type: string,
        listener: (event: { violatedDirective: string; blockedURI: string }) => void,
      ): void;
      violated(what: string): void;
    };
    page.addEventListener('securitypolicyviolation', (event) =>
      page.violated(`${event.violatedDirective} ${event.blockedURI}`),
    );
  });
}

export async function signIn(page: Page, { teal }: Pick<Console, 'teal'>, hash = ''): Promise<void> {
  await page.goto(`/${hash}`);
  await page.getByLabel('Token').fill(teal.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
}

/** Goes to a page of the console, and waits for its heading. */
export async function visit(page: Page, hash: string, heading: string): Promise<void> {
  await page.goto(`/${hash}`);
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
}

/**
 * Opens what is folded away below `summary`. A press that the browser takes and does nothing with (the button goes up where
 * the page has moved since it went down) is made again, as people do; one that folds again at once is never done.
 */
export async function unfold(within: Page | Locator, summary: string): Promise<void> {
  const line = within.locator('summary', { hasText: summary });
  const isOpen = async (): Promise<boolean> => (await line.locator('..').getAttribute('open')) !== null;
  const press = async (): Promise<boolean> => {
    if (await isOpen()) return true;
    await line.click();
    return comesTo(isOpen, Boolean, UNFOLD_MS);
  };
  if (!(await comesTo(press, Boolean))) throw new Error(`"${summary}" does not unfold`);
}

/**
 * Goes to a page by `g` and its key. Both are pressed again where nothing came of them: the second counts for a second and a
 * half after the first, and a busy machine may let that pass between them.
 */
export async function goByKeys(page: Page, key: string, heading: string): Promise<void> {
  const there = page.getByRole('heading', { level: 1, name: heading, exact: true });
  const press = async (): Promise<boolean> => {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    return comesTo(() => there.isVisible(), Boolean, UNFOLD_MS);
  };
  if (!(await comesTo(press, Boolean))) throw new Error(`g ${key} does not lead to ${heading}`);
}

/** Presses Tab until what has the focus has this name, as somebody without a mouse would. */
export async function tabTo(page: Page, name: string | RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const seen = new Set<string>();
  // Round and round: what is drawn late is met the next time.
  const press = async (): Promise<string> => {
    await page.keyboard.press(key);
    const focused = (await page.evaluate(FOCUSED_NAME)) as string;
    seen.add(focused);
    return focused;
  };
  const isIt = (focused: string): boolean => (typeof name === 'string' ? focused === name : name.test(focused));
  if (!isIt(await comesTo(press, isIt))) {
    throw new Error(`no ${name} among what Tab leads to: ${[...seen].join(' | ')}`);
  }
}

/** Evaluated in the page: these tests are compiled without the types of the DOM. */
const FOCUSED_NAME = `(() => {
  const element = document.activeElement;
  return (element?.getAttribute('aria-label') ?? element?.textContent ?? '').trim();
})()`;

/** What a page still waits for, where that is known (`followRequests`). */
const waitedFor = new WeakMap<Page, Set<Request>>();

/** Keeps what the page asks for and has no answer to yet, but for the stream of events, which never ends. */
export function followRequests(page: Page): void {
  const open = new Set<Request>();
  waitedFor.set(page, open);
  page.on('request', (request) => {
    if (!new URL(request.url()).pathname.endsWith('/v1/events')) open.add(request);
  });
  page.on('requestfinished', (request) => open.delete(request));
  page.on('requestfailed', (request) => open.delete(request));
}

/**
 * Resolves once the page is what it comes to: as wide as it was told to be, with its letters loaded, all that it asked
 * for answered, no transition on its way, and nothing that moved in some frames. What moves for as long as one looks
 * (a countdown, a page that others change) is looked at as it is when the time is over.
 */
export async function settled(page: Page): Promise<void> {
  const wanted = page.viewportSize();
  const isAnswered = () => (waitedFor.get(page)?.size ?? 0) === 0;
  // Before, too: what is answered while one looks is drawn after that.
  const isStill = async () =>
    isAnswered() &&
    ((await page.evaluate(still(patienceMs()))) as string) === `${wanted?.width} ${wanted?.height} 0` &&
    isAnswered();
  await comesTo(isStill, Boolean, patienceMs(REST_MS));
}

/**
 * Evaluated in the page: its size, and how many times it changed while some frames were drawn. A page that Chromium has
 * ceased to draw says so: nothing can be pressed in it any more, and a test would wait for it until its suite ends.
 */
const still = (limitMs: number): string => `(async () => {
  const isOver = ({ effect, playState }) => playState !== 'running' || effect.getComputedTiming().endTime === Infinity;
  const look = () => {
    const { scrollWidth, scrollHeight, clientWidth } = document.documentElement;
    const moving = document.getAnimations().filter((each) => !isOver(each)).length;
    return [scrollWidth, scrollHeight, clientWidth, moving].join(' ');
  };
  await document.fonts.ready;
  let changes = 0;
  let before = look();
  for (let frame = 0; frame < 4; frame++) {
    await new Promise((done, fail) => {
      setTimeout(() => fail(new Error('the browser draws no more frames')), ${limitMs});
      requestAnimationFrame(done);
    });
    const now = look();
    if (now !== before || !now.endsWith(' 0')) changes++;
    before = now;
  }
  return [innerWidth, innerHeight, changes].join(' ');
})()`;

/** Serious and critical faults that axe-core finds in what the page comes to. */
export async function seriousFaults(page: Page, lastingMs = patienceMs(LASTING_MS)): Promise<string[]> {
  const look = async (): Promise<string[]> => {
    await settled(page);
    // It stays in a page for as long as that is not loaded anew.
    if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(axe.source);
    const violations = (await page.evaluate(VIOLATIONS)) as axe.Result[];
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' ')}`,
    );
  };
  return comesTo(look, (faults) => faults.length === 0, lastingMs);
}

/** Evaluated in the page: all rules are played, and of what passes nothing is written down and sent, which took longer. */
const VIOLATIONS = `axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
  violations.filter(({ impact }) => impact === 'serious' || impact === 'critical'))`;

/** How many pixels the page that this one comes to is wider than the window. */
export async function overflow(page: Page, lastingMs = patienceMs(LASTING_MS)): Promise<number> {
  const look = async (): Promise<number> => {
    await settled(page);
    return (await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )) as number;
  };
  return comesTo(look, (pixels) => pixels === 0, lastingMs);
}

/** The addresses that `count` queries get, each once. */
export async function answers({ dnsPort }: TealProcess, name: string, count = 10): Promise<string[]> {
  const found = new Set<string>();
  for (let i = 0; i < count; i++) {
    const reply = await askUdp('127.0.0.1', dnsPort, buildQuery({ name, id: i + 1 }));
    for (const { data } of reply.answers) found.add(data);
  }
  return [...found].sort();
}
