/** Where settings come from: the text of a YAML file, and the texts of variables and flags. */
import { parse, parseDocument } from 'yaml';
import { readDocument, wordsOf } from '../yaml.ts';
import { ConfigError } from './error.ts';
import type { SettingKey, SettingSchema } from './keys.ts';

export interface Sources {
  /** The settings file; its name is for messages. */
  readonly file?: SettingsFile | undefined;
  /** An empty variable counts as absent, since that is how container tools pass on one that is not set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By flag, dashes included: `--dns-listen`. */
  readonly flags: Readonly<Record<string, string | undefined>>;
}

export interface SettingsFile {
  readonly name: string;
  readonly text: string;
}

type Group = Record<string, unknown>;

/** The groups and keys of a YAML file, without those that have nothing after them: they count as absent. */
export function parseFile({ name, text }: SettingsFile): Group | ConfigError {
  const document = parseDocument(text);
  const read = readDocument(document, text);
  if (read.fault !== undefined) {
    const { what, line, column } = read.fault;
    return new ConfigError(`${name}: expected YAML: ${what} at line ${line}, column ${column}`);
  }
  const [warning] = document.warnings;
  if (warning !== undefined) {
    const { line, col } = warning.linePos?.[0] ?? { line: 1, col: 1 };
    return new ConfigError(`${name}: expected YAML: ${wordsOf(warning)} at line ${line}, column ${col}`);
  }
  const { content } = read;
  if (content === null) return {};
  if (!isGroup(content))
    return new ConfigError(`${name}: expected groups of settings, found ${JSON.stringify(content)}`);
  return withoutNulls(content) as Group;
}

/** What flags or the environment say about a setting, flags first, and the words that name the place. */
export function givenText(key: SettingKey, sources: Sources): { text: string; origin: string } | undefined {
  const flag = sources.flags[key.flag];
  if (flag !== undefined) return { text: flag, origin: `command line: ${key.flag}` };
  // Files and Kubernetes secrets end with a line feed that nobody means.
  const text = sources.env[key.variable]?.replace(/[\r\n]+$/, '');
  return text ? { text, origin: `environment: ${key.variable}` } : undefined;
}

/** A text as the value that the schema wants; one that cannot be such a value stays text, for the validator to refuse. */
export function fromText(schema: SettingSchema, text: string): unknown {
  const types = [schema, ...(schema.anyOf ?? [])].map(({ type }) => type);
  if (types.includes('integer')) return /^-?\d+$/.test(text) ? Number(text) : text;
  if (types.includes('boolean')) return text === 'true' || (text === 'false' ? false : text);
  if (types.includes('array')) return text.split(',').map((item) => item.trim());
  if (!types.includes('object')) return text;
  try {
    return withoutNulls(parse(text));
  } catch {
    return text;
  }
}

/** Sets the value at a path, making the groups on the way. A group that is none is left for the validator to refuse. */
export function put(values: Group, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    values[head] = value;
    return;
  }
  values[head] ??= {};
  if (isGroup(values[head])) put(values[head], rest, value);
}

/** The value at a path; undefined where there is none. */
export function get(values: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, part) => (value as Group | null | undefined)?.[part], values);
}

function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutNulls(value: unknown): unknown {
  if (!isGroup(value)) return value;
  const entries = Object.entries(value).filter(([, child]) => child !== null);
  return Object.fromEntries(entries.map(([key, child]) => [key, withoutNulls(child)]));
}
