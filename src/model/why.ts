/** Why somebody changes something, as he says it: a sentence, and links to what it follows from. */
import { Problem } from './errors.ts';

/** What was said; each is absent where nothing was. */
export interface Why {
  /** One line. */
  readonly reason?: string;
  /** URLs of http or https: a commit, a ticket, a pipeline run. */
  readonly links?: readonly string[];
}

/** A freeze that was on, and was passed over in an emergency. */
export interface Override {
  /** Name of the freeze. */
  readonly freeze: string;
  /** What was said of the emergency. */
  readonly reason: string;
}

/** Characters, as a reader counts them: two long sentences. It is in the log for ever, and in every line that tells of the change. */
export const REASON_MAX_CHARS = 500;
/** A change follows from a commit, a ticket and a run; a few of each. */
export const LINKS_MAX = 10;
/** What browsers and proxies take without question; ten of them fit a request's head. */
export const LINK_MAX_CHARS = 1000;

/**
 * What keeps a text from being one line: control characters (Unicode's Cc), which a terminal obeys, and the two
 * separators that some readers break lines at.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come in
const BREAKS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;
/** What turns the order of the text after it around (UAX #9 §2): a line of the log would read as another one. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/u;

/** Judges what was sent. Blanks at the ends are nothing, and a reason of nothing else is none. */
export function makeWhy(reason: string | undefined, links: readonly string[] | undefined): Why | Problem {
  const text = reason?.trim() ?? '';
  const bad = checkReason(text);
  if (bad !== undefined) return bad;
  const urls: string[] = [];
  if (links !== undefined && links.length > LINKS_MAX) {
    const detail = `A change has at most ${LINKS_MAX} links, not ${links.length}.`;
    return new Problem('links_invalid', detail, { pointer: '/links' });
  }
  for (const [i, link] of (links ?? []).entries()) {
    const url = makeLink(link, i);
    if (url instanceof Problem) return url;
    urls.push(url);
  }
  return { ...(text !== '' && { reason: text }), ...(urls.length > 0 && { links: urls }) };
}

function checkReason(text: string): Problem | undefined {
  const refuse = (why: string) => {
    const detail = `A reason is one line of at most ${REASON_MAX_CHARS} characters, such as the first line of a commit: ${why}.`;
    return new Problem('reason_invalid', detail, { pointer: '/reason' });
  };
  // One character is one or two units of UTF-16: what is far too long need not be counted.
  const count = text.length > 2 * REASON_MAX_CHARS ? text.length : [...text].length;
  if (count > REASON_MAX_CHARS) return refuse(`this has ${count}`);
  if (!text.isWellFormed()) return refuse('this has half a character, a lone surrogate');
  const found = BREAKS.exec(text) ?? TURNS.exec(text);
  if (found === null) return undefined;
  const place = [...text.slice(0, found.index)].length + 1;
  const what = BREAKS.test(found[0])
    ? 'a control character or line break'
    : 'a character that turns its direction around';
  return refuse(`character ${place} is ${nameOf(found[0])}, ${what}`);
}

/** A link as every reader takes it: a browser makes of the text what the URL standard does, so that is what is kept. */
function makeLink(text: string, i: number): string | Problem {
  const refuse = (why: string) => {
    const detail = `Link ${i} is no link: ${why}; a link is a URL of http or https, such as https://git.example.com/app/commit/1a2b3c.`;
    return new Problem('links_invalid', detail, { pointer: `/links/${i}` });
  };
  if (text.length > LINK_MAX_CHARS)
    return refuse(`it has ${text.length} characters, at most ${LINK_MAX_CHARS} are taken`);
  // The standard's reader drops line breaks and takes `https:x` for `https://x`: what is kept should be what was meant.
  if (!/^https?:\/\/[^\s]+$/iu.test(text) || BREAKS.test(text) || TURNS.test(text) || !text.isWellFormed()) {
    return refuse('it does not begin with https:// or http://, or has blanks or control characters');
  }
  const url = URL.parse(text);
  if (url === null) return refuse('it cannot be read');
  // It would be in the log, in webhooks and on pages.
  if (url.username !== '' || url.password !== '') return refuse('it has a user name or a password in it');
  // Two links with a comma between them are a host that nobody has.
  if (!/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/.test(url.hostname)) return refuse(`${url.hostname} is no host`);
  if (url.href.length > LINK_MAX_CHARS) return refuse(`written out it has more than ${LINK_MAX_CHARS} characters`);
  return url.href;
}

function nameOf(char: string): string {
  return `U+${(char.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}`;
}
