/** The builders of shapes against TypeBox's own, and what a schema makes of a value. */
import t from 'tap';
import { Type as TypeBox } from 'typebox';
import { Errors } from 'typebox/schema';
import { decoded, Type } from '../../src/contract/type.ts';

/** By either: every builder, with keywords and without, and what is optional below what is not. */
function shapes({ ...T }: Pick<typeof Type, keyof typeof Type>): Record<string, object> {
  const text = T.Refine(T.String({ minLength: 1 }), (value) => value !== 'bad');
  return {
    array: T.Array(T.String(), { maxItems: 2 }),
    plain: [T.Boolean(), T.Integer(), T.Null(), T.Number(), T.String(), T.Unknown()],
    notes: T.Integer({ minimum: 1, default: 3, expected: 'a number' }),
    enum: T.Enum(['a', 'b'], { default: 'a' }),
    literal: [T.Literal('auto'), T.Literal(true, { description: 'Yes.' }), T.Literal(4)],
    empty: T.Object({}, { additionalProperties: false }),
    object: T.Object({ b: T.Optional(T.Optional(text)), a: T.Boolean(), c: T.Optional(T.Unsafe<string>(text)) }),
    optional: T.Object({ a: T.Optional(T.Array(T.Null())), b: T.Unsafe(T.Optional(T.String())) }),
    union: T.Union([T.Null(), T.Object({ a: text })], { description: 'Either.' }),
    decode: T.Decode(text, (value) => value.length),
  };
}

t.test('what is built is what TypeBox builds', (t) => {
  const [ours, theirs] = [shapes(Type), shapes(TypeBox)];
  for (const name of Object.keys(theirs)) t.equal(JSON.stringify(ours[name]), JSON.stringify(theirs[name]), name);
  t.match(ours.object, { required: ['a'] }, 'only what is optional may be missing');
  for (const value of [{ a: true, b: 'bad' }, { a: true, c: 'bad' }, { a: true, b: 'good' }, { b: 1 }, { a: true }]) {
    const [of, wanted] = [ours.object, theirs.object].map((schema) => Errors(schema as object, value));
    t.same(of, wanted, JSON.stringify(value));
  }
  t.equal(
    Errors(ours.object as object, { a: true, c: 'bad' })[0],
    false,
    'a check of ours stays where a type is given',
  );
  t.end();
});

t.test('a value is decoded wherever its schema says so, and stays what it was', (t) => {
  const size = Type.Decode(Type.String(), (text) => text.length);
  const within = Type.Object({ sizes: Type.Array(size), size: Type.Optional(size), text: Type.String() });
  const schema = Type.Object({ within, total: Type.Decode(within, ({ sizes }) => sizes) });
  const value = { within: { sizes: ['a', 'bcd'], text: 'abc' }, total: { sizes: ['ab'], size: 'abc', text: '' } };
  const before = structuredClone(value);
  t.same(decoded(schema, value), { within: { sizes: [1, 3], text: 'abc' }, total: [2] });
  t.same(value, before);
  t.end();
});
