/** Entity tags and the conditions of requests (RFC 9110 §8.8.3, §13): the tag of a resource is its revision. */
import { Problem } from '../../model/errors.ts';

const SHOWN_MAX = 100;

export function etagOf(revision: number): string {
  return `"${revision}"`;
}

interface EntityTags {
  /** Revisions with a strong tag, and all of them; tags that are not revisions match nothing. */
  readonly strong: readonly number[];
  readonly all: readonly number[];
}

/**
 * One element of a list of entity tags, without the blanks around it; elements may be empty (RFC 9110 §5.6.1). Blanks are
 * not for the expression: it would try every division of them (test/regular-expressions.test.ts).
 */
const ELEMENT = /^(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)")?$/;

/** The value of If-Match or If-None-Match; undefined where it is malformed. */
function parseTags(header: string): EntityTags | 'any' | undefined {
  if (header.trim() === '*') return 'any';
  const strong: number[] = [];
  const all: number[] = [];
  // A tag may hold a comma, but no tag of ours does: such a one is cut into malformed pieces, and refused.
  for (const element of header.split(',')) {
    const match = ELEMENT.exec(element.trim());
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

/** An If-Match that no state of anything could meet: what was sent, and what would be right. */
export function explainNoMatch(header: string): Problem {
  const tags = parseTags(header);
  const revision = typeof tags === 'object' ? tags.all[0] : undefined;
  if (revision !== undefined) {
    const detail = `If-Match has the weak tag W/"${revision}", which never matches (RFC 9110 §13.1.1): send "${revision}" as ETag gave it.`;
    return new Problem('revision_stale', detail);
  }
  // A proxy that compresses replies changes their tags.
  const inside = /"(\d{1,15})\D/.exec(header)?.[1];
  const right = inside === undefined ? 'such as "17"' : `here perhaps "${inside}"`;
  const detail = `If-Match has ${clip(header)}, and no ETag of this server looks like that: they are revisions in double quotes, ${right}.`;
  return new Problem('revision_stale', detail);
}

/** Of what a client sent, as much as a person reads. */
function clip(text: string): string {
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}

/** The revisions that If-None-Match names. It compares weakly (RFC 9110 §13.1.2). */
export function parseIfNoneMatch(header: string): readonly number[] | 'any' | Problem {
  const tags = parseTags(header);
  if (tags === undefined) return malformed('If-None-Match', header);
  return tags === 'any' ? 'any' : tags.all;
}

/** Whether If-None-Match names the revision. */
export function isNamedBy(header: string, revision: number): boolean | Problem {
  const tags = parseIfNoneMatch(header);
  return tags instanceof Problem ? tags : tags === 'any' || tags.includes(revision);
}

function malformed(name: string, header: string): Problem {
  return new Problem(
    'header_invalid',
    `${name} must be \`*\` or ETags in double quotes such as "17", not ${clip(header)}.`,
  );
}
