/** What the schemas of the contract are made of, and how one is read: by the API, by a client. */
import type { Static, TSchema } from 'typebox';
import { Type } from './type.ts';

/** Requests are closed: a word that is not known is a mistake of who sends it. */
export const strict = { additionalProperties: false } as const;

/** An object that maps names to values. Type.Record would not look at keys with a line break, its pattern being `.*`. */
export function mapOf<Value extends TSchema>(value: Value, options: object = {}) {
  return Type.Unsafe<Record<string, Static<Value>>>({ type: 'object', additionalProperties: value, ...options });
}

/** One of some words. */
export function oneOf<const Words extends readonly string[]>(words: Words, options: object = {}) {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: words, ...options });
}

interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
  /** The code by which the model refuses what is outside; without one the API itself does, by its code for shapes. */
  readonly code?: string;
}

const INT32_MAX = 2 ** 31 - 1;

/** A whole number, from 0 on where nothing else is said. Clients in other languages choose their type by the bounds. */
export function whole(description: string, { minimum = 0, maximum = Number.MAX_SAFE_INTEGER, code }: Bounds = {}) {
  const format = maximum <= INT32_MAX ? 'int32' : 'int64';
  return Type.Integer({ format, minimum, maximum, description, ...refusedAs(code) });
}

export function wholeOrNull(description: string, options?: Bounds) {
  return Type.Unsafe<number | null>({ ...whole(description, options), type: ['integer', 'null'] });
}

/** A number with decimals. */
export function decimal(description: string, { code, ...bounds }: Bounds) {
  return Type.Number({ ...bounds, description, ...refusedAs(code) });
}

const refusedAs = (code: string | undefined) => (code === undefined ? {} : { 'x-code': code });

/** TTLs and intervals (RFC 2181 §8). */
export const ttl = (description: string) => whole(description, { maximum: INT32_MAX, code: 'ttl_invalid' });

export const time = (description = 'RFC 3339, UTC.') => Type.String({ format: 'date-time', description });

export const timeOrNull = (description: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time', description });

export const textOrNull = (description: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], description });

/** An empty path segment is no name: the root is not meant by `/v1/zones/`. */
export const name = (description: string) => Type.String({ minLength: 1, description });

export const patterns = (description: string) =>
  Type.Optional(
    Type.Array(Type.String(), {
      description: `${description}: \`app.example.com\`, \`*.example.com\` for every name below it, or \`*\`.`,
    }),
  );

/** Stands for a secret wherever one is shown. */
const setMarker = { type: 'object', required: ['set'], properties: { set: { const: true } }, ...strict };

/** A text that is written once: a reply has the object in its place, and who sends that back keeps the text. */
export const secret = (description: string) =>
  Type.Unsafe<string | { set: true }>({ description, anyOf: [{ type: 'string' }, setMarker] });

/** What may be missing. */
export function orNull<Shape extends TSchema>(shape: Shape, description: string) {
  return Type.Unsafe<Static<Shape> | null>({ ...shape, type: ['object', 'null'], description });
}

/** Headers of a request; any of them can be a key. */
export const headers = mapOf(secret('Written once, shown as {"set":true}; that sent back keeps it.'), {
  description: 'Values by name. Each is a secret: written once, shown as {"set":true}, which keeps it where sent back.',
});

/** What a reply holds besides of a thing that has revisions. */
export const revision = whole('The last revision that changed it; its ETag.');

export const message = Type.String({ description: 'A sentence for people.' });

export const recordWarnings = Type.Optional(
  Type.Array(Type.Object({ code: Type.String({ description: 'Stable: scripts may rely on it.' }), message }), {
    description: 'Of a PUT: what the zone as a file would be warned of, where there is anything.',
  }),
);

/**
 * A schema as requests are held against it: their shape only. What has a code of its own is the model's to refuse, and
 * keeps that code: of such a schema only the type is left. So it is with what is too large to be exact.
 */
export function shapeOf<Schema extends TSchema>(schema: Schema): Schema {
  return mapSchemas(schema, ({ $id: _, format: __, ...each }) => {
    if (each['x-code'] !== undefined) return { type: each.type === 'integer' ? 'number' : each.type };
    const { maximum, ...rest } = each;
    return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? rest : each;
  }) as Schema;
}

/** A schema as replies are promised by it: with properties to come, and without the codes that requests get. */
export function openSchema(schema: object): Record<string, unknown> {
  return mapSchemas(schema, ({ 'x-code': _, additionalProperties, ...rest }) =>
    additionalProperties === undefined || additionalProperties === false ? rest : { ...rest, additionalProperties },
  ) as Record<string, unknown>;
}

/** A schema with `change` done to all that stand in it, from within; names of properties are never taken for keywords. */
export function mapSchemas(schema: unknown, change: (schema: Record<string, unknown>) => object): unknown {
  if (Array.isArray(schema)) return schema.map((each) => mapSchemas(each, change));
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => {
    if (key === 'properties') {
      const properties = Object.entries(value as object).map(([of, each]) => [of, mapSchemas(each, change)]);
      return [key, Object.fromEntries(properties)];
    }
    return [key, withSchemas.has(key) ? mapSchemas(value, change) : value];
  });
  return change(Object.fromEntries(entries));
}

/** The keywords whose value is a schema, or a list of them. */
const withSchemas = new Set(['items', 'additionalProperties', 'anyOf']);
