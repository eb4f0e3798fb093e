/** Keys that work on every page, for who uses it all week. */
import { signal } from '@preact/signals';
import { meaningOf } from '../rules/keys.ts';
import { token } from './session.ts';

/** What stands before the page. */
export const overlay = signal<'palette' | 'help' | undefined>(undefined);

/** For so long `g` waits for the key that says where to. */
const GO_MS = 1500;

let goneAtMs = 0;

export function openPalette(): void {
  overlay.value = 'palette';
}

export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (token.value === undefined || event.defaultPrevented) return;
    const { target } = event;
    const isTyping =
      (target instanceof HTMLElement && target.matches('input, select, textarea, [contenteditable]')) ||
      document.querySelector('dialog[open]') !== null;
    const isAfterGo = Date.now() - goneAtMs < GO_MS;
    const meaning = meaningOf(event, { isTyping, isAfterGo });
    goneAtMs = 0;
    if (meaning === undefined) return;
    // A dialog that is open may have a draft in it.
    if (meaning === 'palette' && document.querySelector('dialog[open]') !== null) return;
    event.preventDefault();
    act(meaning);
  });
}

function act(meaning: NonNullable<ReturnType<typeof meaningOf>>): void {
  switch (meaning) {
    case 'palette':
    case 'help':
      overlay.value = meaning;
      return;
    case 'search':
      document.querySelector<HTMLElement>('main input[type="search"]')?.focus();
      return;
    case 'top':
      scrollTo(0, 0);
      return;
    case 'go':
      goneAtMs = Date.now();
      return;
    default:
      location.hash = `#/${meaning}`;
  }
}
