/** Keys that work on every page, for who uses it all week. */
import { signal } from '@preact/signals';
import { meaningOf, typedAhead } from '../rules/keys.ts';
import { token } from './session.ts';

/** What stands before the page. */
export const overlay = signal<'palette' | 'help' | undefined>(undefined);

/** For so long `g` waits for the key that says where to. */
const GO_MS = 1500;

/** By the events' own time: a page that is busy between two keys takes none of it away. */
let goneAtMs = Number.NEGATIVE_INFINITY;
/** What is typed for the field of a page that is not drawn whole yet. */
let ahead: { text: string; readonly stop: () => void } | undefined;

export function openPalette(): void {
  overlay.value = 'palette';
}

export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (token.value === undefined || event.defaultPrevented) return;
    if (ahead !== undefined && typeAhead(event)) return;
    const { target } = event;
    const isTyping =
      (target instanceof HTMLElement && target.matches('input, select, textarea, [contenteditable]')) ||
      overlay.value !== undefined ||
      document.querySelector('dialog[open]') !== null;
    const isAfterGo = event.timeStamp - goneAtMs < GO_MS;
    const meaning = meaningOf(event, { isTyping, isAfterGo });
    goneAtMs = Number.NEGATIVE_INFINITY;
    if (meaning === undefined) return;
    // A dialog that is open may have a draft in it.
    if (meaning === 'palette' && document.querySelector('dialog[open]') !== null) return;
    event.preventDefault();
    act(meaning, event.timeStamp);
  });
}

function act(meaning: NonNullable<ReturnType<typeof meaningOf>>, atMs: number): void {
  switch (meaning) {
    case 'palette':
    case 'help':
      overlay.value = meaning;
      return;
    case 'search':
      search();
      return;
    case 'top':
      scrollTo(0, 0);
      return;
    case 'go':
      goneAtMs = atMs;
      return;
    default:
      location.hash = `#/${meaning}`;
  }
}

const searchField = (): HTMLInputElement | null => document.querySelector('main input[type="search"]');

/** To the field of the page; where the page is still being loaded, as soon as it has one. */
function search(): void {
  const field = searchField();
  if (field !== null) return field.focus();
  const main = document.querySelector('main');
  if (main === null || !isLoading(main)) return;
  const observer = new MutationObserver(() => look(main));
  const stop = (): void => {
    ahead = undefined;
    observer.disconnect();
    removeEventListener('hashchange', stop);
    removeEventListener('pointerdown', stop);
  };
  // Whoever goes elsewhere does not mean it any more.
  addEventListener('hashchange', stop);
  addEventListener('pointerdown', stop);
  observer.observe(main, { childList: true, subtree: true });
  ahead = { text: '', stop };
}

/** Whether something of the page is not there yet. */
function isLoading(main: HTMLElement): boolean {
  return main.querySelector('.skeleton') !== null;
}

function look(main: HTMLElement): void {
  const field = searchField();
  if (field === null) {
    if (!isLoading(main)) ahead?.stop();
    return;
  }
  const text = ahead?.text ?? '';
  ahead?.stop();
  field.focus();
  if (text === '') return;
  field.value += text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

/** True where the key was for the field that is waited for. */
function typeAhead(event: KeyboardEvent): boolean {
  const text = typedAhead(ahead?.text ?? '', event);
  if (text === undefined || ahead === undefined) {
    ahead?.stop();
    return false;
  }
  ahead.text = text;
  event.preventDefault();
  return true;
}
