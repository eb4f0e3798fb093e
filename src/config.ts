/** The settings of `teal serve`: read from a file, the environment and flags, validated by one schema, frozen. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Errors } from 'typebox/schema';
import { readBounded, TEXT_MAX_BYTES, unreadable, type Waits } from './bounded-file.ts';
import { findConflict } from './config/check.ts';
import { ConfigError } from './config/error.ts';
import { explain, isUnknownKey } from './config/explain.ts';
import { ignoredSettings } from './config/ignored.ts';
import { formatPath, settingKeys } from './config/keys.ts';
import { nearest } from './config/nearest.ts';
import { type SettingsValues, settingsSchema } from './config/schema.ts';
import { fromText, get, givenText, parseFile, put, type SettingsFile, type Sources } from './config/sources.ts';
import { decoded } from './contract/type.ts';

export { ConfigError } from './config/error.ts';

export type Settings = DeepReadonly<SettingsValues>;

/** What is worth a warning of settings and an environment that are no errors: a line each. */
export function settingsWarnings(settings: Settings, env: Sources['env']): string[] {
  return [...unknownVariables(env), ...ignoredSettings(settings)];
}

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

/** Flags win over the environment, the environment over the file, the file over the defaults. */
export function loadSettings(sources: Sources): Settings | ConfigError {
  const values = sources.file === undefined ? {} : parseFile(sources.file);
  if (values instanceof ConfigError) return values;
  const origins = new Map<string, string>();
  for (const key of settingKeys) {
    const given = givenText(key, sources);
    if (given !== undefined) {
      put(values, key.path, fromText(key.schema, given.text));
      origins.set(formatPath(key.path), given.origin);
    }
  }
  for (const { path, schema, optionalGroup } of settingKeys) {
    // Defaults alone do not make a group that nobody gave.
    const isGiven = optionalGroup === undefined || get(values, optionalGroup) !== undefined;
    if (isGiven && schema.default !== undefined && get(values, path) === undefined) put(values, path, schema.default);
    const value = get(values, path);
    if (schema.secret && value !== undefined) put(values, path, withoutLineEnds(value));
  }
  const [, errors] = Errors(settingsSchema, values);
  const refused = ({ path, reason }: { path: readonly string[]; reason: string }) =>
    new ConfigError(`${whereOf(path, origins, sources.file?.name)}: ${reason}`);
  // A mistyped key is often the reason why another one is missing.
  const error = errors.find(isUnknownKey) ?? errors[0];
  if (error !== undefined) return refused(explain(error, values));
  const settings = decoded(settingsSchema, structuredClone(values)) as SettingsValues;
  const conflict = findConflict(settings);
  return conflict === undefined ? deepFreeze(settings) : refused(conflict);
}

/** The settings of this process, with the file that `--config` or TEAL_CONFIG names, else the one that lies ready. */
export function readSettings(env: Sources['env'], flags: Sources['flags']): Settings | ConfigError {
  const file = readSettingsFile(env, flags);
  return file instanceof ConfigError ? file : loadSettings({ file, env, flags });
}

/** The settings file of this process as it is now; undefined: there is none. `waits`: of the one with that name, should it be a pipe. */
export function readSettingsFile(
  env: Sources['env'],
  flags: Sources['flags'],
  waits?: (name: string) => Waits,
): SettingsFile | undefined | ConfigError {
  const name = flags['--config'] ?? (env.TEAL_CONFIG || defaultFile());
  return name === undefined ? undefined : readFile(name, waits?.(name));
}

/**
 * Variables that look like settings and are none. They are worth a warning but no refusal: Kubernetes sets TEAL_PORT and
 * its like wherever a service is called `teal`.
 */
function unknownVariables(env: Sources['env']): string[] {
  const known = settingKeys.map(({ variable }) => variable);
  // The first names the file, the others belong to the commands that talk to a server.
  const others = ['TEAL_CONFIG', 'TEAL_ADMIN_URL', 'TEAL_TOKEN'];
  const unknown = Object.keys(env).filter((name) => name.startsWith('TEAL_') && ![...known, ...others].includes(name));
  return unknown.map((name) => {
    const meant = nearest(name, known);
    return `environment: ${name} is not a setting${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  });
}

/** config/teal.yaml here; without one, the package's own, so that a first start from any folder has something to answer. */
function defaultFile(): string | undefined {
  const own = fileURLToPath(new URL('../config/teal.yaml', import.meta.url));
  return [join('config', 'teal.yaml'), own].find((path) => existsSync(path));
}

const found: Record<string, string> = {
  ENOENT: 'nothing there',
  EACCES: 'one that this user may not read',
  EISDIR: 'a directory',
};

function readFile(name: string, waits: Waits | undefined): SettingsFile | ConfigError {
  try {
    return { name, text: readBounded(name, TEXT_MAX_BYTES, waits).toString('utf8') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what = code === undefined ? `what ${unreadable(error)}` : (found[code] ?? code);
    return new ConfigError(`${name}: expected a settings file, found ${what}`);
  }
}

/** The words that name where a setting was given: its variable or flag, or else the file, and its path where that says more. */
function whereOf(path: readonly string[], origins: ReadonlyMap<string, string>, file: string | undefined): string {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(formatPath(path.slice(0, length)));
    if (origin !== undefined) return length === path.length ? origin : `${origin}: ${formatPath(path)}`;
  }
  return `${file ?? 'settings'}: ${formatPath(path)}`;
}

/** A secret that was read from a file ends with a line feed that nobody means. */
function withoutLineEnds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutLineEnds);
  return typeof value === 'string' ? value.trim() : value;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}
