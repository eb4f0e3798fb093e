/** Lists as they are typed into a field. Pure. */

/** Words with blanks or commas between them. */
export function wordsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((one) => one !== '');
}

export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

export function labelsText(labels: Readonly<Record<string, string>> | undefined, between = '\n'): string {
  return Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(between);
}

/** `team=web` on each line; a value may hold anything but an end of line. */
export function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    linesOf(text).map((line) => {
      const at = line.indexOf('=');
      return at === -1 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}
