/**
 * The builders of TypeBox that shapes are made with, by its types. Its own come with all that TypeBox can do, 370 modules
 * that each process of a server would load at its start; what they make is the same (test/contract/type.test.ts).
 */
import type { Type as TypeBox } from 'typebox';

type Used =
  | ('Array' | 'Boolean' | 'Decode' | 'Enum' | 'Integer' | 'Literal' | 'Null' | 'Number' | 'Object' | 'Optional')
  | ('Refine' | 'String' | 'Union' | 'Unknown' | 'Unsafe');

/** What a builder is told beside: other keywords, and notes of ours. */
type Options = Readonly<Record<string, unknown>>;

/** TypeBox's own marks, which no JSON shows. */
const OPTIONAL = '~optional';
const REFINED = '~refine';
const DECODED = '~codec';

const ofType = (type: string) => (options?: Options) => ({ type, ...options });

/** The types of what is built are worked out by TypeBox's signatures, which know more than could be said here. */
export const Type = {
  Array: (items: object, options?: Options) => ({ type: 'array', items, ...options }),
  Boolean: ofType('boolean'),
  /** `decode` is called by `decoded`, once the value is known to be as the schema says. */
  Decode: (schema: object, decode: Decode) => marked(schema, DECODED, { decode }),
  Enum: (words: readonly unknown[], options?: Options) => ({ enum: words, ...options }),
  Integer: ofType('integer'),
  Literal: (value: unknown, options?: Options) => ({ type: typeof value, const: value, ...options }),
  Null: ofType('null'),
  Number: ofType('number'),
  Object: (properties: Readonly<Record<string, object>>, options?: Options) => {
    const required = Object.keys(properties).filter((name) => !(OPTIONAL in (properties[name] as object)));
    return { type: 'object', ...(required.length > 0 && { required }), properties, ...options };
  },
  Optional: (schema: object) => marked(schema, OPTIONAL, true),
  Refine: (schema: object, check: (value: unknown) => boolean) =>
    marked(schema, REFINED, [{ check, error: () => 'Refine Error' }]),
  String: ofType('string'),
  Union: (anyOf: readonly object[], options?: Options) => ({ anyOf, ...options }),
  Unknown: (options?: Options) => ({ ...options }),
  Unsafe: copied,
} as unknown as Pick<typeof TypeBox, Used>;

type Decode = (value: unknown) => unknown;

interface Decoded {
  readonly [DECODED]?: { readonly decode: Decode };
  readonly properties?: Readonly<Record<string, Decoded>>;
  readonly items?: Decoded;
}

/** A value that is as its schema says, with all that stands in it as `Type.Decode` has it. The value itself stays as it is. */
export function decoded(schema: object, value: unknown): unknown {
  const { properties = {}, items, [DECODED]: codec } = schema as Decoded;
  let result = value;
  if (items !== undefined && Array.isArray(value)) result = value.map((each) => decoded(items, each));
  else if (Object.keys(properties).length > 0 && typeof value === 'object' && value !== null)
    result = Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, decoded(properties[name] ?? {}, each)]),
    );
  return codec === undefined ? result : codec.decode(result);
}

/** With its marks. */
function copied<Schema extends object>(schema: Schema): Schema {
  return Object.defineProperties({} as Schema, Object.getOwnPropertyDescriptors(schema));
}

function marked(schema: object, mark: string, value: unknown): object {
  return Object.defineProperty(copied(schema), mark, { value });
}
