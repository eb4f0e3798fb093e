/** Domain names as the model writes them: canonical text, lower case, without the final dot; the root is ''. */
import assert from 'node:assert/strict';
import { Malformed } from '../wire/malformed.ts';
import { formatLabels, parseName } from '../wire/name.ts';
import { Problem } from './errors.ts';

/** A name as typed by a user, in canonical text: one spelling a name, so that names compare as strings. */
export function canonicalName(text: string): string | Problem {
  const wire = parseName(text);
  if (wire instanceof Malformed) return new Problem('name_invalid', `Not a domain name: ${wire.reason}.`);
  return wireToName(wire);
}

/**
 * What is wrong with a name of a single label that was typed without its final dot where a whole name is expected: hardly
 * anybody means one at the top of all names. `zone`: in which it may be meant. undefined: nothing.
 */
export function whyShort(text: string, zone: string): string | undefined {
  const name = canonicalName(text);
  if (typeof name !== 'string' || name === '' || parentOf(name) !== '' || text.endsWith('.')) return undefined;
  if (isAtOrBelow(name, zone)) return undefined;
  return `${JSON.stringify(text)} would be ${name}. at the top of all names: write names in full, ${name}.${zone} or, if it is meant, ${name}. with its final dot`;
}

/** The uncompressed wire form of a canonical name. */
export function nameToWire(canonical: string): Uint8Array {
  const wire = parseName(canonical);
  assert(!(wire instanceof Malformed), 'a name of the model is canonical text');
  return wire;
}

/** Canonical text of an uncompressed wire name of any case. */
export function wireToName(wire: Uint8Array): string {
  // The text is ASCII, and its escapes have no letters.
  return formatLabels(wire).toLowerCase();
}

/** The name without its leftmost label; undefined for the root. */
export function parentOf(name: string): string | undefined {
  if (name === '') return undefined;
  const dot = firstSeparator(name);
  return dot === -1 ? '' : name.slice(dot + 1);
}

/** True where `name` is `ancestor` or stands below it, compared by whole labels. */
export function isAtOrBelow(name: string, ancestor: string): boolean {
  if (ancestor === '' || name === ancestor) return true;
  if (!name.endsWith(`.${ancestor}`)) return false;
  return isSeparator(name, name.length - ancestor.length - 1);
}

/** The name and all its ancestors, longest first, the root last. */
export function suffixesOf(name: string): string[] {
  const suffixes: string[] = [];
  for (let suffix: string | undefined = name; suffix !== undefined; suffix = parentOf(suffix)) suffixes.push(suffix);
  return suffixes;
}

/**
 * True for the name of a host (RFC 952, RFC 1123 §2.1): letters, digits and inner hyphens, and a last label that is
 * not a number, so that a mistyped IPv4 address is not taken for a host.
 */
export function isHostName(name: string): boolean {
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(name)) return false;
  return !/(^|\.)[0-9]+$/.test(name);
}

/**
 * Refuses an owner name with a `*` label that is not the leftmost: it would be legal (RFC 4592 §2.1.1) but match only
 * itself, which is never what was meant.
 */
export function checkOwnerName(name: string): Problem | undefined {
  const starBelow = suffixesOf(name)
    .slice(1)
    .some((suffix) => suffix === '*' || suffix.startsWith('*.'));
  if (!starBelow) return undefined;
  return new Problem('name_invalid', `In an owner name \`*\` can only be the leftmost label: ${name}.`);
}

function firstSeparator(name: string): number {
  let dot = name.indexOf('.');
  while (dot !== -1 && !isSeparator(name, dot)) dot = name.indexOf('.', dot + 1);
  return dot;
}

/** A dot separates labels unless an odd number of backslashes stands before it. */
function isSeparator(name: string, dot: number): boolean {
  let backslashes = 0;
  while (name.charAt(dot - 1 - backslashes) === '\\') backslashes += 1;
  return backslashes % 2 === 0;
}
