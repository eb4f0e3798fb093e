/** Templates of plain webhooks: text or JSON of the user's own, in which names in braces stand for what happened. */
import { Problem } from './errors.ts';

/** What a template can name. */
export const FIELDS = [
  ...(['trigger', 'title', 'text', 'gravity', 'at', 'services', 'zone', 'release', 'state', 'revision'] as const),
  ...(['actor', 'kind', 'summary', 'reason', 'links'] as const),
] as const;

export type Field = (typeof FIELDS)[number];

/** Kept with the webhook in every entry that changes it; a message of Slack or Teams is shorter. */
const TEMPLATE_MAX_CHARS = 16_384;

/** A name in braces, and nothing else: braces of JSON have quotes or brackets in them. */
const PLACES = /\{([A-Za-z]{1,40})\}/g;

/** Each name in braces replaced by what is known under it; in JSON as a part of one of its texts. */
export function filled(template: string, values: Readonly<Record<Field, string>>): string {
  const isJson = meansJson(template);
  return template.replace(PLACES, (whole, name: string) => {
    if (!isField(name)) return whole;
    return isJson ? JSON.stringify(values[name]).slice(1, -1) : values[name];
  });
}

export function contentTypeOf(template: string): string {
  return meansJson(template) ? 'application/json' : 'text/plain; charset=utf-8';
}

/** What is wrong with a template; undefined: nothing. */
export function templateFault(template: string): Problem | undefined {
  const refuse = (detail: string) => new Problem('webhook_invalid', detail, { pointer: '/template' });
  if (template.trim() === '' || template.length > TEMPLATE_MAX_CHARS)
    return refuse(`A template is text or JSON of at most ${TEMPLATE_MAX_CHARS} characters, not ${template.length}.`);
  const unknown = [...template.matchAll(PLACES)].map(([, name]) => name as string).find((name) => !isField(name));
  if (unknown !== undefined)
    return refuse(
      `A template has no {${unknown}}; what it can name is ${FIELDS.map((field) => `{${field}}`).join(' ')}.`,
    );
  if (!meansJson(template)) return undefined;
  try {
    JSON.parse(filled(template, SAMPLE));
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    return refuse(
      `The template begins like JSON and is none (${message}); names stand in texts, as in {"text":"{title}"}.`,
    );
  }
}

/** With all that JSON has to escape. */
const SAMPLE = Object.fromEntries(FIELDS.map((field) => [field, '"\\\n\u2028{']) as [Field, string][]) as Record<
  Field,
  string
>;

function isField(name: string): name is Field {
  return (FIELDS as readonly string[]).includes(name);
}

function meansJson(template: string): boolean {
  return /^\s*[{[]/.test(template) && !/^\s*\{[A-Za-z]{1,40}\}/.test(template);
}
