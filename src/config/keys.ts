/** The keys of the settings, each with the names that it has in the environment and on the command line. */
import type { TSchema } from 'typebox';
import { type Annotations, settingsSchema } from './schema.ts';

/** A node of the settings' JSON Schema, as far as it is looked at here. */
export type SettingSchema = TSchema &
  Annotations & {
    readonly type?: string;
    readonly default?: unknown;
    readonly anyOf?: readonly SettingSchema[];
    readonly items?: SettingSchema;
    readonly properties?: Readonly<Record<string, SettingSchema>>;
    readonly additionalProperties?: SettingSchema | false;
    readonly enum?: readonly unknown[];
  };

/** One setting, as it comes whole from one source. */
export interface SettingKey {
  /** `['dns', 'udpMaxBytes']` */
  readonly path: readonly string[];
  /** `TEAL_DNS_UDP_MAX_BYTES` */
  readonly variable: string;
  /** `--dns-udp-max-bytes`; only settings with a `flag` in their schema have it on the command line. */
  readonly flag: string;
  readonly schema: SettingSchema;
  /** The path of a group around it that may be left out whole: then it has no default either. */
  readonly optionalGroup?: readonly string[];
}

/** Every setting, in the order of the schema. */
export const settingKeys: readonly SettingKey[] = collect(settingsSchema as SettingSchema, []);

/** `dns.listen[0]`, `bootstrap.zones["example.test"].hostmaster`. */
export function formatPath(path: readonly string[]): string {
  const parts = path.map((part) => {
    if (/^\d+$/.test(part)) return `[${part}]`;
    return /^[A-Za-z_][\w-]*$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;
  });
  return parts.join('').replace(/^\./, '');
}

/** The schema of the value at a path; undefined where the settings have no such key. */
export function schemaAt(path: readonly string[]): SettingSchema | undefined {
  let schema: SettingSchema | undefined = settingsSchema as SettingSchema;
  for (const part of path) {
    schema = schema.properties?.[part] ?? (schema.additionalProperties || schema.items);
    if (schema === undefined) return undefined;
  }
  return schema;
}

function collect(schema: SettingSchema, path: readonly string[], optionalGroup?: readonly string[]): SettingKey[] {
  const isSection = schema.properties !== undefined && schema.whole !== true;
  if (isSection)
    return Object.entries(schema.properties).flatMap(([key, child]) => {
      const isOptional = child.properties !== undefined && !requiredOf(schema).includes(key);
      return collect(child, [...path, key], isOptional ? [...path, key] : optionalGroup);
    });
  const words = path.flatMap((part) => part.split(/(?=[A-Z])/).map((word) => word.toLowerCase()));
  const named = { path, variable: `TEAL_${words.join('_').toUpperCase()}`, flag: `--${words.join('-')}`, schema };
  return [optionalGroup === undefined ? named : { ...named, optionalGroup }];
}

function requiredOf(schema: unknown): readonly string[] {
  return (schema as { required?: readonly string[] }).required ?? [];
}
