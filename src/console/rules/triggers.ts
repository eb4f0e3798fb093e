/** What a webhook may be told of, as the server's own description of its API lists it: a list here would fall behind. Pure. */

interface Document {
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> };
}

/** Of the OpenAPI document; empty: it says none. */
export function triggersIn(document: unknown): string[] {
  return wordsIn((memberOf(document, 'triggers') as { readonly items?: unknown } | undefined)?.items);
}

/** How it may be told. */
export function kindsIn(document: unknown): string[] {
  return wordsIn(memberOf(document, 'kind'));
}

function memberOf(document: unknown, member: string): unknown {
  const schema = (document as Document).components?.schemas?.WebhookBody as
    | { readonly properties?: Readonly<Record<string, unknown>> }
    | undefined;
  return schema?.properties?.[member];
}

function wordsIn(schema: unknown): string[] {
  const { enum: words, const: word, anyOf } = (schema ?? {}) as { enum?: unknown; const?: unknown; anyOf?: unknown };
  if (Array.isArray(words)) return words.filter((each) => typeof each === 'string');
  if (typeof word === 'string') return [word];
  return Array.isArray(anyOf) ? anyOf.flatMap(wordsIn) : [];
}

/** `on-release-completed` as `release completed`. */
export function triggerText(trigger: string): string {
  return trigger.replace(/^on-/, '').replaceAll('-', ' ');
}
