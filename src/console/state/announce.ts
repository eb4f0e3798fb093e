/** Sentences for screen readers, and short notes on the screen for those who see. */
import { signal } from '@preact/signals';

interface Note {
  readonly id: number;
  /** `told`: why something cannot be done. */
  readonly kind: 'done' | 'failed' | 'told';
  readonly text: string;
}

/** Long enough to be read twice; a failure stays until it is dismissed. */
const NOTE_MS = 8000;

let lastId = 0;
export const notes = signal<readonly Note[]>([]);
/** What the live region of the page says. */
export const spoken = signal('');

export function note(kind: Note['kind'], text: string): void {
  lastId += 1;
  const id = lastId;
  notes.value = [...notes.value.filter((other) => other.text !== text), { id, kind, text }];
  say(text);
  if (kind !== 'failed') setTimeout(() => dismiss(id), NOTE_MS);
}

export function dismiss(id: number): void {
  notes.value = notes.value.filter((other) => other.id !== id);
}

export function say(text: string): void {
  // The same sentence said again is only spoken if the region was empty in between.
  spoken.value = '';
  setTimeout(() => {
    spoken.value = text;
  }, 50);
}
