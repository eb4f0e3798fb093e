/** The files that `teal apply` is given: several, of several YAML documents each, as one declaration whose parts know where they stand. */
import type { Document, LineCounter, Node } from 'yaml';
import { TEXT_MAX_BYTES } from '../../bounded-file.ts';
import { EXIT } from '../exit.ts';
import { Failure } from '../failure.ts';
import { isGroup, readBytes } from '../input-file.ts';
import type { Shell } from '../shell.ts';

const KINDS = ['zones', 'records', 'services', 'tokens', 'webhooks', 'freezes'] as const;

type Kind = (typeof KINDS)[number];
type Bodies = Record<string, unknown>;

/** One YAML document of a file. */
interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** What takes labels, so that those of the whole document can be given to it; `labels` of a freeze say what it is for. */
const labelled: Readonly<Partial<Record<Kind, string>>> = {
  zones: 'labels',
  records: 'labels',
  services: 'labels',
  freezes: 'ownLabels',
};

const EXAMPLES: Readonly<Record<Kind, string>> = {
  zones: '{example.com: {nameservers: [ns1.example.com], hostmaster: hostmaster.example.com}}',
  records: '{www.example.com: {A: {ttlSeconds: 300, rdata: [192.0.2.80]}}}',
  services: '{app.example.com: {pools: {…}}}',
  tokens: '{ci: {scope: release}}',
  freezes: "{weekend: {timeZone: Europe/Berlin, windows: [{from: 'Fri 16:00', to: 'Mon 08:00'}]}}",
  webhooks: '{chat: {url: https://chat.example.com/hook, triggers: [on-release-completed]}}',
};

export class Declaration {
  readonly bodies: Readonly<Record<Kind, Bodies>> = {
    zones: {},
    records: {},
    services: {},
    tokens: {},
    webhooks: {},
    freezes: {},
  };
  readonly #sources = new Map<string, Source>();

  get isEmpty(): boolean {
    return KINDS.every((kind) => Object.keys(this.bodies[kind]).length === 0);
  }

  /** `file:line:column` of what a JSON pointer (RFC 6901) into the declaration leads to, or as near to it as there is. */
  placeOf(pointer: string): string | undefined {
    const keys = pointer
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const source = this.#sources.get(idOf(keys.slice(0, 3))) ?? this.#sources.get(idOf(keys.slice(0, 2)));
    return source && place(source, keys);
  }

  /** `content`: what the document says. Throws Failure. */
  add(source: Source, content: unknown): void {
    // A document of nothing but comments.
    if (content === null || content === undefined) return;
    const known = [...KINDS, 'labels'];
    if (!isGroup(content)) throw refusal(source, [], `expected ${list(known)} at the top`);
    const unknown = Object.keys(content).find((key) => !known.includes(key));
    if (unknown !== undefined) {
      throw refusal(source, [unknown], `expected the key ${list(known)} at the top, found ${JSON.stringify(unknown)}`);
    }
    const { labels } = content;
    if (
      labels !== undefined &&
      !(isGroup(labels) && Object.values(labels).every((value) => typeof value === 'string'))
    ) {
      throw refusal(source, ['labels'], 'expected labels as texts by key, such as labels: {managed-by: apply}');
    }
    for (const kind of KINDS) {
      const bodies = content[kind] ?? {};
      if (!isGroup(bodies))
        throw refusal(source, [kind], `expected ${kind} by name, such as ${kind}: ${EXAMPLES[kind]}`);
      for (const [name, body] of Object.entries(bodies)) {
        if (!isGroup(body)) {
          throw refusal(source, [kind, name], `expected ${kind} by name, such as ${kind}: ${EXAMPLES[kind]}`);
        }
        this.#declare(source, kind, name, body, labels as Bodies | undefined);
      }
    }
  }

  #declare(source: Source, kind: Kind, name: string, body: Bodies, labels: Bodies | undefined): void {
    if (kind !== 'records') {
      this.#once(source, [kind, name]);
      this.bodies[kind][name] = withLabels(kind, body, labels);
      return;
    }
    const types = { ...((this.bodies.records[name] as Bodies | undefined) ?? {}) };
    for (const [type, rrset] of Object.entries(body)) {
      this.#once(source, [kind, name, type]);
      types[type] = withLabels(kind, rrset, labels);
    }
    this.bodies.records[name] = types;
  }

  #once(source: Source, keys: readonly string[]): void {
    const before = this.#sources.get(idOf(keys));
    if (before !== undefined) {
      const where = place(before, keys);
      throw refusal(source, keys, `expected ${keys.join(' ')} to be declared once; it is in ${where} already`);
    }
    this.#sources.set(idOf(keys), source);
  }
}

/** Throws Failure. */
export async function readDeclaration(files: readonly string[], shell: Shell): Promise<Declaration> {
  const { LineCounter, parseAllDocuments } = await import('yaml');
  const { readDocument } = await import('../../yaml.ts');
  const declaration = new Declaration();
  for (const name of files) {
    const text = (await readBytes(name, TEXT_MAX_BYTES, shell)).toString('utf8');
    const lines = new LineCounter();
    const file = name === '-' ? 'standard input' : name;
    const documents = parseAllDocuments(text, { lineCounter: lines });
    for (const document of 'empty' in documents ? [] : documents) {
      const read = readDocument(document, text);
      if (read.fault !== undefined) {
        const { what, line, column } = read.fault;
        throw new Failure(EXIT.REFUSED, `${file}:${line}:${column}: expected YAML: ${what}`);
      }
      declaration.add({ file, document, lines }, read.content);
    }
  }
  return declaration;
}

function withLabels(kind: Kind, body: unknown, labels: Bodies | undefined): unknown {
  const member = labelled[kind];
  if (labels === undefined || member === undefined || !isGroup(body)) return body;
  const own = body[member] ?? {};
  // What is wrong with them is the server's to say.
  return isGroup(own) ? { ...body, [member]: { ...labels, ...own } } : body;
}

function idOf(keys: readonly string[]): string {
  return JSON.stringify(keys);
}

function refusal(source: Source, keys: readonly string[], message: string): Failure {
  return new Failure(EXIT.REFUSED, `${place(source, keys)}: ${message}`);
}

/** Of the deepest of the keys that is there: where one is missing, of what should have it. */
function place({ file, document, lines }: Source, keys: readonly string[]): string {
  let node = document.contents as Node | null;
  let offset = node?.range?.[0] ?? 0;
  for (const key of keys) {
    const step = within(node, key, document);
    if (step === undefined) break;
    offset = step.offset;
    node = step.node;
  }
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}`;
}

interface Scalar {
  readonly value?: unknown;
  readonly range?: readonly number[] | null;
}

/** What stands at a key of a map, or at an index of a list. */
function within(node: Node | null, key: string, document: Document): { node: Node | null; offset: number } | undefined {
  const found = node as { items?: unknown[]; source?: string; resolve?: (document: Document) => Node } | null;
  const { items } =
    ((typeof found?.resolve === 'function' ? found.resolve(document) : found) as { items?: unknown[] }) ?? {};
  for (const [index, item] of (items ?? []).entries()) {
    const pair = item as { key?: Scalar; value?: Node | null };
    if (pair.key !== undefined) {
      if (String(pair.key?.value) === key) return { node: pair.value ?? null, offset: pair.key?.range?.[0] ?? 0 };
    } else if (String(index) === key) {
      return { node: item as Node, offset: (item as Node).range?.[0] ?? 0 };
    }
  }
  return undefined;
}

function list(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
