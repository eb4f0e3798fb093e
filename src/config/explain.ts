/** What is wrong with a setting, as one line: where it stands, what was expected, what was found. */
import type { TLocalizedValidationError } from 'typebox/error';
import { formatPath, type SettingSchema, schemaAt, settingKeys } from './keys.ts';
import { nearest } from './nearest.ts';

/** Longer texts are cut: an error stays one line. */
const SHOWN_CHARS = 60;

/** The first error of the validator in words, without the place. `path` is where the operator has to look. */
export function explain(error: TLocalizedValidationError, values: unknown): { path: string[]; reason: string } {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (isUnknownKey(error)) return { path, reason: unknownKey(path) };
  if (error.keyword === 'required') path.push(error.params.requiredProperties[0]);
  const schema = schemaAt(path);
  const found = path.reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], values);
  return { path, reason: `expected ${expectation(schema) ?? error.message}, found ${show(found, schema)}` };
}

/** TypeBox reports a key that no schema allows as "the schema is false" at that key. */
export function isUnknownKey(error: TLocalizedValidationError): boolean {
  return error.keyword === 'boolean';
}

function unknownKey(path: readonly string[]): string {
  const word = path.at(-1) as string;
  const siblings = Object.keys(schemaAt(path.slice(0, -1))?.properties ?? {});
  const sibling = nearest(word, siblings);
  if (sibling !== undefined) return `is not a setting; did you mean ${formatPath([...path.slice(0, -1), sibling])}?`;
  // A good key in the wrong group is the other common slip.
  const elsewhere = settingKeys.find((key) => key.path.at(-1) === word);
  if (elsewhere !== undefined) return `is not a setting; did you mean ${formatPath(elsewhere.path)}?`;
  return `is not a setting; the keys here are ${siblings.join(', ')}`;
}

/** Bodies share their schemas with the admin API, which has no words for them. */
const byType: Readonly<Record<string, string>> = {
  array: 'a list',
  number: 'a number',
  object: 'a group of keys',
  string: 'a text',
};

function expectation(schema: SettingSchema | undefined): string | undefined {
  return schema?.expected ?? schema?.enum?.join(' or ') ?? byType[schema?.type ?? ''];
}

function show(value: unknown, schema: SettingSchema | undefined): string {
  if (value === undefined) return 'nothing';
  if (schema?.secret) return 'something else (not shown)';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a group of keys';
  const text = JSON.stringify(value);
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
