/** A zone's name beside names in canonical text that are bytes without escapes, so that none of them need be made a string. */
import { MAX_NAME_TEXT_BYTES, writeLowerLabels } from '../wire/name.ts';

const DOT = 0x2e;

export class ApexText {
  readonly #text = new Uint8Array(MAX_NAME_TEXT_BYTES);
  readonly length: number;

  /** `apex`: wire form. */
  constructor(apex: Uint8Array) {
    this.length = writeLowerLabels(apex, this.#text);
  }

  /** Whether the name of `length` bytes is the zone's or below it. */
  holds(name: Uint8Array, length: number): boolean {
    const apex = this.#text;
    const from = length - this.length;
    if (this.length > 0 && (from < 0 || (from > 0 && name[from - 1] !== DOT))) return false;
    for (let i = 0; i < this.length; i++) if (name[from + i] !== apex[i]) return false;
    return true;
  }

  /** Whether a name in the zone may have the zone's name in it once more before its end; see zone-lint.ts. */
  mayBeRepeated(name: Uint8Array, length: number): boolean {
    const apex = this.#text;
    const own = this.length;
    let isStart = true;
    for (let at = 0; at + 2 * own < length; at++) {
      if (isStart && name[at + own] === DOT) {
        let same = 0;
        while (same < own && name[at + same] === apex[same]) same++;
        if (same === own) return true;
      }
      isStart = name[at] === DOT;
    }
    return false;
  }
}
