/** What a page of the console has read, and what it shows for a while only. */
import type { Page } from 'playwright-core';

/**
 * Resolves once the page of a service shows these weights as those in force, such as `blue 0%, green 100%`: it has read the
 * service since they came. What is opened before is about the ones before, and is held when the page has read these.
 */
export async function showsShares(page: Page, shares: string): Promise<void> {
  await page.getByRole('img', { name: `Configured shares: ${shares}`, exact: true }).waitFor();
}

/**
 * From now on the states of a dialog's buttons, its messages, and what is said of the connection are kept with each change of
 * the page: what is there for a few seconds is not missed by who comes to look later, nor where few frames are drawn. To be
 * read by `passingStates`.
 */
export async function keepPassingStates(page: Page): Promise<void> {
  await page.evaluate(`(() => {
    const seen = new Set();
    globalThis.passingStates = seen;
    const look = () => {
      for (const each of document.querySelectorAll('dialog button'))
        seen.add(each.textContent + (each.disabled ? ' (disabled)' : ''));
      for (const each of document.querySelectorAll('dialog .message, .live')) seen.add(each.textContent);
    };
    // In a task of its own: what is there within one only is drawn for nobody.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = look;
    const all = { subtree: true, childList: true, characterData: true, attributes: true };
    new MutationObserver(() => port2.postMessage(undefined)).observe(document, all);
    look();
  })()`);
}

export async function passingStates(page: Page): Promise<string[]> {
  return (await page.evaluate('[...globalThis.passingStates]')) as string[];
}
