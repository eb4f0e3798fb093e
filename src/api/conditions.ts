/** Entity tags and the conditions of requests (RFC 9110 §8.8.3, §13): the tag of a resource is its revision. */
import { Problem } from '../model/errors.ts';

export function etagOf(revision: number): string {
  return `"${revision}"`;
}

interface EntityTags {
  /** Revisions with a strong tag, and all of them; tags that are not revisions match nothing. */
  readonly strong: readonly number[];
  readonly all: readonly number[];
}

/** One element of a list of entity tags; elements may be empty (RFC 9110 §5.6.1). */
const ELEMENT = /^[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)")?[ \t]*$/;

/** The value of If-Match or If-None-Match; undefined where it is malformed. */
function parseTags(header: string): EntityTags | 'any' | undefined {
  if (header.trim() === '*') return 'any';
  const strong: number[] = [];
  const all: number[] = [];
  // A tag may hold a comma, but no tag of ours does: such a one is cut into malformed pieces, and refused.
  for (const element of header.split(',')) {
    const match = ELEMENT.exec(element);
    if (match === null) return undefined;
    const [, weak, tag] = match;
    if (tag === undefined || !/^[1-9][0-9]{0,14}$/.test(tag)) continue;
    all.push(Number(tag));
    if (weak === undefined) strong.push(Number(tag));
  }
  return { strong, all };
}

/** The revisions that If-Match accepts. It compares strongly: a weak tag never matches (RFC 9110 §13.1.1). */
export function parseIfMatch(header: string): readonly number[] | 'any' | Problem {
  const tags = parseTags(header);
  if (tags === undefined) return malformed('If-Match', header);
  return tags === 'any' ? 'any' : tags.strong;
}

/** Whether If-None-Match names the revision. It compares weakly (RFC 9110 §13.1.2). */
export function isNamedBy(header: string, revision: number): boolean | Problem {
  const tags = parseTags(header);
  if (tags === undefined) return malformed('If-None-Match', header);
  return tags === 'any' || tags.all.includes(revision);
}

function malformed(name: string, header: string): Problem {
  return new Problem('header_invalid', `${name} must be \`*\` or ETags in double quotes such as "17", not ${header}.`);
}
