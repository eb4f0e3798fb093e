/** What keys do anywhere on the page, and whether one is meant for that. Pure. */

/** In the order of the help. */
export const KEYS = [
  { keys: 'Ctrl K', does: 'Find a service, a zone or a page' },
  { keys: '/', does: 'Type what the list is narrowed to' },
  { keys: 'g s', does: 'Services' },
  { keys: 'g z', does: 'Zones' },
  { keys: 'g a', does: 'Activity' },
  { keys: 't', does: 'To the top of the page' },
  { keys: '?', does: 'These keys' },
  { keys: 'Esc', does: 'Close what is open' },
] as const;

type Meaning = 'palette' | 'search' | 'help' | 'top' | 'services' | 'zones' | 'log' | 'go' | undefined;

interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

const AFTER_G: Readonly<Record<string, Meaning>> = { s: 'services', z: 'zones', a: 'log' };
const ALONE: Readonly<Record<string, Meaning>> = { '/': 'search', '?': 'help', t: 'top', g: 'go' };

/** `isTyping`: in a field, or before a dialog; `isAfterGo`: `g` was pressed right before. */
export function meaningOf(
  pressed: Pressed,
  { isTyping, isAfterGo }: { isTyping: boolean; isAfterGo: boolean },
): Meaning {
  const { key, ctrlKey, metaKey, altKey } = pressed;
  if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === 'k') return 'palette';
  if (isTyping || ctrlKey || metaKey || altKey) return undefined;
  return isAfterGo ? AFTER_G[key] : ALONE[key];
}
