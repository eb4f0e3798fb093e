/** What keys do anywhere on the page, and whether one is meant for that. Pure. */

/** In the order of the help. */
export const KEYS = [
  { keys: 'Ctrl K', does: 'Find a service, a zone or a page' },
  { keys: '/', does: 'Type what the list is narrowed to' },
  { keys: 'g s', does: 'Services' },
  { keys: 'g z', does: 'Zones' },
  { keys: 'g a', does: 'Activity' },
  { keys: 'g f', does: 'Freezes and approvals' },
  { keys: 't', does: 'To the top of the page' },
  { keys: '?', does: 'These keys' },
  { keys: 'Esc', does: 'Close what is open' },
] as const;

type Meaning = 'palette' | 'search' | 'help' | 'top' | 'services' | 'zones' | 'log' | 'freezes' | 'go' | undefined;

interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

const AFTER_G: Readonly<Record<string, Meaning>> = { s: 'services', z: 'zones', a: 'log', f: 'freezes' };
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

/**
 * What was typed for a field that is not drawn yet, with one key more; undefined: that is given up, and the key is what
 * it is anywhere.
 */
export function typedAhead(text: string, { key, ctrlKey, metaKey, altKey }: Pressed): string | undefined {
  if (ctrlKey || metaKey || altKey) return HELD.has(key) ? text : undefined;
  if (key === 'Backspace') return text.slice(0, -1);
  // One character: names of keys are longer, and what is beyond 16 bits is two units.
  if ([...key].length === 1) return text + key;
  return HELD.has(key) ? text : undefined;
}

/** Keys that are pressed on the way to another one. */
const HELD: ReadonlySet<string> = new Set(['Shift', 'Control', 'Meta', 'Alt', 'AltGraph', 'CapsLock', 'Dead']);
