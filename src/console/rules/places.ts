/** Places in a text by line and column, as a zone file's findings name them. */

/** The characters from the place to the end of its word, as offsets into the text; the whole line where it has none. */
export function rangeAt(text: string, line: number, column: number): { readonly start: number; readonly end: number } {
  const lines = text.split('\n');
  const at = Math.min(Math.max(line, 1), lines.length) - 1;
  const lineStart = lines.slice(0, at).reduce((sum, before) => sum + before.length + 1, 0);
  const own = lines[at].replace(/\r$/, '');
  // Columns count characters, and a string's positions count UTF-16 units.
  const before = [...own].slice(0, Math.max(column, 1) - 1).join('').length;
  const word = /^\S+/.exec(own.slice(before))?.[0];
  if (word === undefined) return { start: lineStart, end: lineStart + own.length };
  return { start: lineStart + before, end: lineStart + before + word.length };
}
