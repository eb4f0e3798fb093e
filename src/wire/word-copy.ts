/**
 * Bytes that are copied four at a time, wherever they begin: three quarters of the loads, stores and checks of a copy byte
 * by byte are saved.
 */
import { firstBytes } from './byte-order.ts';

/** A word that is read and written in the same order keeps its bytes. */
const LITTLE = new Uint8Array(Int32Array.of(1).buffer)[0] === 1;

/** One view of each memory, so that memories that take turns make none anew. */
const views = new WeakMap<Uint8Array, DataView>();

/** The view of all bytes of a memory, if it has been made: what stands for one message only is not worth one. */
export function knownViewOf(bytes: Uint8Array): DataView | undefined {
  return views.get(bytes);
}

/** The view of all bytes of a memory. */
export function dataViewOf(bytes: Uint8Array): DataView {
  const known = views.get(bytes);
  if (known !== undefined) return known;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  views.set(bytes, view);
  return view;
}

/** Copies bytes from a memory to another or the same one; what is written does not begin within what is read. */
export function copyBytes(into: DataView, to: number, view: DataView, from: number, length: number): void {
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) into.setInt32(to + i, view.getInt32(from + i, LITTLE), LITTLE);
  for (let i = whole; i < length; i++) into.setUint8(to + i, view.getUint8(from + i));
}

/** Copies bytes that begin at a word of another memory. */
export function copyWords(view: DataView, to: number, words: Int32Array, from: number, length: number): void {
  const whole = length >> 2;
  for (let i = 0; i < whole; i++) view.setInt32(to + 4 * i, words[from + i], LITTLE);
  const rest = length & 3;
  if (rest === 0) return;
  const last = words[from + whole];
  const at = to + 4 * whole;
  for (let i = 0; i < rest; i++) view.setUint8(at + i, LITTLE ? last >>> (8 * i) : last >>> (24 - 8 * i));
}

/**
 * The same in whole words, two at a time: up to three bytes more are read and written. Sums that are told to be integers
 * are not looked at for whether they still are.
 */
export function copyWholeWords(view: DataView, to: number, words: Int32Array, from: number, length: number): void {
  const end = (from + ((length + 3) >> 2)) | 0;
  let at = to | 0;
  let word = from | 0;
  for (const last = (end - 1) | 0; word < last; word = (word + 2) | 0) {
    view.setInt32(at, words[word], LITTLE);
    view.setInt32((at + 4) | 0, words[(word + 1) | 0], LITTLE);
    at = (at + 8) | 0;
  }
  if (word < end) view.setInt32(at, words[word], LITTLE);
}

/** Whether bytes are those that begin at a word of another memory; behind both are zeros, up to the end of a word. */
export function isSame(view: DataView, at: number, words: Int32Array, from: number, length: number): boolean {
  for (let i = 0; i < length; i += 4) if (view.getInt32(at + i, LITTLE) !== words[from + (i >> 2)]) return false;
  return true;
}

/** A hash of bytes, never 0: three more of the memory may be read. */
export function hashPart(view: DataView, at: number, length: number): number {
  let h = length;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    h = Math.imul(h ^ view.getInt32(at + i, LITTLE), 0x85ebca6b);
    h ^= h >>> 15;
  }
  if (i < length) h = Math.imul(h ^ (view.getInt32(at + i, LITTLE) & firstBytes(length - i, LITTLE)), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h ^= h >>> 16;
  return h === 0 ? 1 : h;
}

/** As `isSame`, of bytes behind which there are others: three more of the memory may be read. */
export function isSamePart(view: DataView, at: number, words: Int32Array, from: number, length: number): boolean {
  const whole = length & ~3;
  if (!isSame(view, at, words, from, whole)) return false;
  if (whole === length) return true;
  return (view.getInt32(at + whole, LITTLE) & firstBytes(length - whole, LITTLE)) === words[from + (whole >> 2)];
}

/**
 * The same the other way, with A to Z lowered (RFC 4343 §3), in whole words: up to three bytes more are read and written.
 */
export function copyLowered(words: Int32Array, view: DataView, from: number, length: number): void {
  for (let i = 0; i < length; i += 4) {
    const word = view.getInt32(from + i, LITTLE);
    const low = word & 0x7f7f7f7f;
    // The top bit of each byte says: at least A, and above Z; with neither sum is there a carry into the next byte.
    const isUpper = ((low + 0x3f3f3f3f) ^ (low + 0x25252525)) & ~word & 0x80808080;
    words[i >> 2] = word | (isUpper >>> 2);
  }
}
