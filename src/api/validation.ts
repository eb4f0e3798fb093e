/** Checks requests against the schemas of their routes: nothing is converted, filled in or dropped behind one's back. */
import type { FastifyRouteSchemaDef } from 'fastify/types/schema.js';
import type { TSchema } from 'typebox';
import type { TLocalizedValidationError } from 'typebox/error';
import { Compile, type Validator } from 'typebox/schema';
import { shapeOf } from '../contract/shapes.ts';
import { Problem, type ProblemCode } from '../model/errors.ts';
import { Refusal } from './problems.ts';

type ValidationResult = { value: unknown } | { error: Error };

/** The parts of a request: the code of their faults, and what a property is called in them. */
const parts: Record<string, { code: ProblemCode; whole: string; property: string }> = {
  body: { code: 'body_invalid', whole: 'The body', property: 'property' },
  querystring: { code: 'query_invalid', whole: 'The query', property: 'query parameter' },
  params: { code: 'name_invalid', whole: 'The path', property: 'path segment' },
};

/** Characters of a value that a refusal shows. */
const SHOWN_MAX = 40;

/** What a part of a request is held against. */
interface Check {
  (data: unknown): ValidationResult;
  /** Compiles it, where no request has done so yet. */
  compile(): void;
}

/** Fastify's validator compiler. */
export function compileValidator({ schema: documented, httpPart }: FastifyRouteSchemaDef<TSchema>): Check {
  const part = parts[httpPart ?? ''];
  // Headers are in the schemas for OpenAPI only: their faults have codes of their own (conditions.ts).
  if (part === undefined) return Object.assign((value: unknown) => ({ value }), { compile: () => {} });
  // At its first request: there are a hundred routes, and most servers are asked by a few.
  let compiled: { readonly schema: TSchema; readonly validator: Validator } | undefined;
  const compile = () => {
    if (compiled !== undefined) return compiled;
    const schema = shapeOf(documented);
    compiled = { schema, validator: Compile(schema) };
    return compiled;
  };
  const check = (data: unknown): ValidationResult => {
    const { schema, validator } = compile();
    const value = httpPart === 'querystring' ? withIntegers(schema, data) : data;
    if (validator.Check(value)) return { value };
    const [, faults] = validator.Errors(value);
    const fault = withAllTypes(faults[0], faults);
    const detail = describe(fault, schema, value, part);
    const pointer = pointerTo(fault);
    return { error: new Refusal(new Problem(part.code, detail, httpPart === 'body' ? { pointer } : {})) };
  };
  return Object.assign(check, { compile });
}

/** A query has only strings: those of integer parameters become numbers where they are plainly written. */
function withIntegers(schema: TSchema, query: unknown): unknown {
  const { properties } = schema as { properties?: Record<string, { type?: string }> };
  const convert = ([name, text]: [string, unknown]): [string, unknown] => {
    const isInteger = properties?.[name]?.type === 'integer' && typeof text === 'string' && /^[0-9]{1,15}$/.test(text);
    return [name, isInteger ? Number(text) : text];
  };
  return Object.fromEntries(Object.entries(query as Record<string, unknown>).map(convert));
}

/** Of a value that may be of several types: with all of them. */
function withAllTypes(fault: TLocalizedValidationError, faults: readonly TLocalizedValidationError[]) {
  if (fault.keyword !== 'type') return fault;
  const types = faults.flatMap((each) =>
    each.keyword === 'type' && each.instancePath === fault.instancePath ? each.params.type : [],
  );
  return { ...fault, params: { type: [...new Set(types)] } };
}

/** JSON pointer (RFC 6901) to the fault; for a missing property, to the place where it belongs. */
function pointerTo(fault: TLocalizedValidationError): string {
  return fault.keyword === 'required' ? `${fault.instancePath}/${escapePointer(missingOf(fault))}` : fault.instancePath;
}

function describe(
  fault: TLocalizedValidationError,
  schema: TSchema,
  value: unknown,
  { whole, property }: { whole: string; property: string },
): string {
  const path = fault.instancePath.split('/').slice(1).map(unescapePointer);
  const name = JSON.stringify(path.at(-1));
  const within = path.length > 1 ? ` in "${path.slice(0, -1).join('.')}"` : '';
  const subject = path.length === 0 ? whole : `The ${property} ${name}${within}`;
  switch (fault.keyword) {
    // The schema of a property that is not known is `false`.
    case 'boolean':
      return `Unknown ${property} ${name}${within}; known are: ${knownNames(schema, fault.schemaPath)}.`;
    case 'required':
      return `${path.length === 0 ? whole : subject} lacks the ${property} "${missingOf(fault)}".`;
    case 'type':
      return `${subject} must be ${expected(fault, property)}, not ${foundIn(valueAt(value, path), property)}.`;
    case 'enum':
      return `${subject} must be one of ${JSON.stringify(fault.params.allowedValues)}.`;
    case 'minLength':
      return `${subject} must not be empty.`;
    default:
      return `${subject} ${fault.message}.`;
  }
}

function missingOf(fault: TLocalizedValidationError): string {
  return fault.keyword === 'required' ? fault.params.requiredProperties[0] : '';
}

/** Names of the properties that an object's schema knows; `schemaPath` leads to its `additionalProperties`. */
function knownNames(schema: TSchema, schemaPath: string): string {
  const object = valueAt(schema, schemaPath.split('/').slice(1, -1)) as { properties?: object } | undefined;
  const names = Object.keys(object?.properties ?? {});
  return names.length === 0 ? 'none' : names.join(', ');
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], root);
}

/** What a query or a path says is all text: that it is none of what was expected is no help, and what it says is. */
function foundIn(value: unknown, property: string): string {
  if (property === 'property' || typeof value !== 'string') return kindOf(value);
  return JSON.stringify(value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value);
}

function expected({ params }: TLocalizedValidationError & { keyword: 'type' }, property: string): string {
  // In text there is no sign before an integer (withIntegers).
  const name = (type: string) => (property !== 'property' && type === 'integer' ? 'whole number' : type);
  return [params.type]
    .flat()
    .map((type) => article(name(type)))
    .join(' or ');
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  // JSON has numbers of any size; 1e400 is read as infinite.
  if (typeof value === 'number' && !Number.isFinite(value)) return 'one beyond 1.8e308';
  return article(Array.isArray(value) ? 'array' : typeof value);
}

function article(noun: string): string {
  return /^[aeio]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function unescapePointer(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}
