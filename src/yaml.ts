/**
 * What a YAML document says, or the first thing in it that cannot be read, in words of whoever wrote it. The library throws
 * only when it makes values of a document, and speaks to programmers. Imports nothing else, so that the server and the
 * command line read settings and declarations alike.
 */
import { type Document, visit } from 'yaml';

/** Where it is counts from 1. */
interface YamlFault {
  readonly what: string;
  readonly line: number;
  readonly column: number;
}

interface Found {
  readonly what: string;
  /** Offset in the text. */
  readonly at: number;
}

/** Of which the library says nothing that helps, by its codes. */
const faults: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'one document was expected, and --- begins another',
  RESOURCE_EXHAUSTION: 'too many lists and mappings within each other were found',
};

/** `text` is that of the whole file, which may have several documents. */
export function readDocument(
  document: Document,
  text: string,
): { readonly content: unknown; readonly fault?: undefined } | { readonly fault: YamlFault } {
  const found = firstFault(document);
  if (found !== undefined) return { fault: placed(found, text) };
  try {
    const content: unknown = document.toJS();
    // An alias within what it stands for has no end.
    JSON.stringify(content);
    return { content };
  } catch {
    const what =
      'aliases (*name) that lead to themselves, or to too many others, were found; write out what they stand for';
    return { fault: placed({ what, at: document.range?.[0] ?? 0 }, text) };
  }
}

/** What the library says of a document, without its place and without the drawing of it. */
export function wordsOf({ message }: { readonly message: string }): string {
  return (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '').replace(/:$/, '');
}

function firstFault(document: Document): Found | undefined {
  const [error] = document.errors;
  const alias = aliasOfNothing(document);
  // Such an alias is the reason of what does not fit behind it.
  if (alias !== undefined && (error === undefined || alias.at <= error.pos[0])) return alias;
  if (error === undefined) return undefined;
  return { what: faults[error.code] ?? wordsOf(error), at: error.pos[0] };
}

/** The first alias that stands for nothing: nearly always a name such as *.example.com that wants quotes. */
function aliasOfNothing(document: Document): Found | undefined {
  const named = new Set<string>();
  let found: Found | undefined;
  // Once through the document: the library looks through all of it for each alias.
  visit(document, {
    Value: (_key, { anchor }) => {
      if (anchor !== undefined) named.add(anchor);
    },
    Alias: (_key, alias) => {
      if (named.has(alias.source)) return undefined;
      const name = alias.source.replace(/:$/, '');
      const what = `*${name} is an alias, and nothing is called &${name}: a text that begins with * is written in quotes, such as "*.example.com"`;
      found = { what, at: alias.range?.[0] ?? 0 };
      return visit.BREAK;
    },
  });
  return found;
}

function placed({ what, at }: Found, text: string): YamlFault {
  const before = text.slice(0, at).split('\n');
  return { what, line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
