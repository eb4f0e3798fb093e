/** Text for a terminal: columns that align, numbers and times for people. Pure. */
import { stripVTControlCharacters } from 'node:util';
import type { Revision } from '../../contract/types.ts';
import { writeDuration } from '../../duration.ts';

/** Between two columns. */
export const GAP = '  ';
/** What is longer stands out of its column: one name of 253 characters would make four lines of each row of a list. */
const COLUMN_MAX_CHARS = 100;

/**
 * Text from elsewhere, without what could move the cursor or change the colours of a terminal, or turn around the order
 * in which it shows the rest of the line (UAX #9).
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come through
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
}

/** What was said of a change, to stand below it. */
export function whyLines({ reason, links = [] }: Pick<Revision, 'reason' | 'links'>): string[] {
  return [...(reason === undefined ? [] : [`why: ${printable(reason)}`]), ...links.map(printable)];
}

/** What the reply to a write says besides: it was done, and may not be what was meant. */
export function warningLines({
  warnings = [],
}: {
  readonly warnings?: readonly { readonly message: string }[];
}): string[] {
  return warnings.map(({ message }) => `warning: ${printable(message)}`);
}

/** Rows as lines of aligned columns; columns of `right` are set flush right. Colours do not count as width. */
export function columns(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) {
      const width = widthOf(cell);
      widths[at] = Math.max(widths[at] ?? 0, width > COLUMN_MAX_CHARS ? 0 : width);
    }
  }
  return rows.map((row) =>
    row
      .map((cell, at) => pad(cell, widths[at], right.includes(at)))
      .join(GAP)
      .trimEnd(),
  );
}

export function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

function pad(cell: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(cell)));
  return right ? space + cell : cell + space;
}

/** The text in lines of at most `width` characters, each indented. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

/** `0.1` as `10.0 %`; a share that is not 0 never reads as 0. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return '<0.1 %';
  if (value < 100 && value > 99.9) return '>99.9 %';
  return `${value.toFixed(1)} %`;
}

/** `90 s` as `1m 30s`, with the two largest units. */
export function duration(seconds: number): string {
  return writeDuration(Math.max(0, Math.round(seconds)), { mostUnits: 2, between: ' ' });
}

/** An instant of the API (RFC 3339, UTC), to the second. */
export function instant(text: string): string {
  return text
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
    .replace(/Z$/, ' UTC');
}

export function plural(count: number, word: string): string {
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
}
