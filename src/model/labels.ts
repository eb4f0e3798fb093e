/** Labels: words of the user's own on zones, RRsets, services and pools, to find and to sort them by. Nothing is answered by them. */
import { Problem } from './errors.ts';

/** A text by its key. */
export type Labels = Readonly<Record<string, string>>;

/** Labels of one thing: teams, stages and owners, and what a tool notes for itself. */
export const LABELS_MAX = 32;
/** `=` and blanks part a key from its value in a selector; the rest is what Kubernetes takes, prefix included. */
const KEY = /^(?=.{1,63}$)[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/;
export const LABEL_VALUE_MAX_CHARS = 255;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come in
const NOT_IN_A_LINE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

interface Labelled {
  readonly labels?: Labels;
}

/**
 * The labels that something has once `asked` is put over `before`: left out they stay, so that who knows nothing of them
 * loses none; an empty object takes them all away. `pointer`: of what they are on; `member`: of that, if it is another.
 */
export function settleLabels(
  asked: Labels | undefined,
  before: Labels | undefined,
  pointer = '',
  member = 'labels',
): Labelled | Problem {
  const labels = asked ?? before ?? {};
  const entries = Object.entries(labels);
  const refuse = (detail: string, key?: string) =>
    new Problem('labels_invalid', detail, { pointer: `${pointer}/${member}${key === undefined ? '' : `/${key}`}` });
  if (entries.length > LABELS_MAX) return refuse(`There are at most ${LABELS_MAX} labels, not ${entries.length}.`);
  for (const [key, value] of entries) {
    if (!KEY.test(key)) {
      const found = JSON.stringify(key.slice(0, 100));
      return refuse(
        `A label's key is 1 to 63 letters, digits and ._/-, and begins and ends with one of the first two, not ${found}.`,
      );
    }
    if (value.length > LABEL_VALUE_MAX_CHARS || NOT_IN_A_LINE.test(value) || !value.isWellFormed()) {
      return refuse(`The label ${key} is one line of at most ${LABEL_VALUE_MAX_CHARS} characters.`, key);
    }
  }
  if (entries.length === 0) return {};
  // In one order, so that labels that are the same read the same.
  return { labels: Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** The same without them: what is left is what answers are made of. */
export function unlabelled<Body extends Labelled>({ labels: _labels, ...body }: Body): Omit<Body, 'labels'> {
  return body;
}
