/** A piece of the terminal that is drawn again and again in place; what is drawn last stays. */
import type { Output } from './shell.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const ERASE_BELOW = '\u001b[J';
/** Escape sequences of colours, or a character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const PIECES = /\u001b\[[0-9;]*m|./gsu;

export class Screen {
  readonly #output: Output;
  #height = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  draw(lines: readonly string[]): void {
    const { columns, rows } = this.#output;
    const kept = lines.length < rows ? lines : [...lines.slice(0, rows - 2), '…'];
    const up = this.#height === 0 ? HIDE_CURSOR : `\u001b[${this.#height}A\r`;
    const text = kept.map((line) => `${cutStyled(line, columns - 1)}\u001b[K\n`).join('');
    this.#output.write(up + text + ERASE_BELOW);
    this.#height = kept.length;
  }

  end(): void {
    if (this.#height > 0) this.#output.write(SHOW_CURSOR);
  }
}

/** The line within a width that colours do not count for; a longer one would wrap and spoil the count of lines. */
export function cutStyled(line: string, width: number): string {
  let left = width;
  let text = '';
  for (const [piece] of line.matchAll(PIECES)) {
    if (piece.startsWith('\u001b')) text += piece;
    else if (left-- > 0) text += piece;
  }
  return text;
}
