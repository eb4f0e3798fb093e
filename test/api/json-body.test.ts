/** Bodies: what JSON.parse takes, save names that stand twice in one object. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { parseJson } from '../../src/api/json-body.ts';
import { Problem } from '../../src/model/errors.ts';
import { runs } from '../fixtures/runs.ts';

const parse = (text: string) => parseJson(Buffer.from(text));

t.test('any JSON value is read as JSON.parse reads it', async (t) => {
  const value = fc.json({ maxDepth: 4 }).filter((text) => !text.includes('__proto__'));
  fc.assert(
    fc.property(value, fc.nat(4), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), null, indent);
      return isDeepStrictEqual(parse(spaced), { value: JSON.parse(spaced) });
    }),
    { numRuns: runs(100) },
  );
  t.same(parse('\ufeff{"a":1}'), { value: { a: 1 } }, 'a byte order mark is no fault (RFC 8259 §8.1)');
});

/** Objects as lists of their members, so that a name can stand twice. */
type Node = { members: [string, Node][] } | { items: Node[] } | { text: string };

const name = fc.constantFrom('a', 'b', '"', '\\', '\\"', '{', ',', 'é');
const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.record({ text: fc.constantFrom('x', '"', '\\', '{"a":1,"a":2}', ',') }),
    fc.record({ members: fc.array(fc.tuple(name, tie('node')), { maxLength: 4 }) }),
    fc.record({ items: fc.array(tie('node'), { maxLength: 3 }) }),
  ),
}));

function write(node: Node): string {
  if ('text' in node) return JSON.stringify(node.text);
  if ('items' in node) return `[${node.items.map(write).join(', ')}]`;
  return `{${node.members.map(([key, value]) => `${JSON.stringify(key)} : ${write(value)}`).join(',')}}`;
}

function hasTwins(node: Node): boolean {
  if ('text' in node) return false;
  if ('items' in node) return node.items.some(hasTwins);
  const names = node.members.map(([key]) => key);
  return new Set(names).size < names.length || node.members.some(([, value]) => hasTwins(value));
}

t.test('a name that stands twice in one object is found, wherever it stands', async (t) => {
  fc.assert(
    fc.property(node, (tree) => parse(write(tree)) instanceof Problem === hasTwins(tree)),
    { numRuns: runs(100) },
  );
  t.match(parse('{"a":1,"\\u0061":2}'), { code: 'body_invalid', detail: 'The property "a" is there twice.' });
  const places: [string, string][] = [
    ['{"a":1,"a":2}', '/a'],
    ['{"x":{},"a":[1,[{"b":0},{"~/":{"c":1,"c":2}}]]}', '/a/1/1/~0~1/c'],
    ['{"a":{"b":[{},{},{"c":1,"d":[],"c":2}]}}', '/a/b/2/c'],
  ];
  for (const [text, pointer] of places) t.match(parse(text), { code: 'body_invalid', pointer }, text);
  t.same(parse('[{"a":1},{"a":2},"a","a"]'), { value: [{ a: 1 }, { a: 2 }, 'a', 'a'] });
});

t.test('an object of too many properties is named', async (t) => {
  const many = (count: number) => `{${Array.from({ length: count }, (_, i) => `"p${i}":1`).join(',')}}`;
  t.notOk(parse(many(1000)) instanceof Problem);
  t.match(parse(many(1001)), { detail: /^The body has at most 1000 properties/, pointer: '' });
  const inside = parse(`{"zones":[],"records":{"a.test":${many(1001)}}}`);
  t.match(inside, { detail: /^The property "records\.a\.test" has at most 1000/, pointer: '/records/a.test' });
});

t.test('a body that is as deep as it can be, with many names at its bottom, is looked through once', async (t) => {
  const deep = 200_000;
  const members = Array.from({ length: 900 }, (_, i) => `"p${i}":1`).join(',');
  const body = `${'['.repeat(deep)}${Array(60).fill(`{${members}}`)}${']'.repeat(deep)}`;
  t.ok('value' in parse(body), 'and not once more for each name: that takes minutes');
});

t.test('__proto__ is refused as a name, not as a value', async (t) => {
  t.match(parse('{"a":[{"__proto__":1}]}'), { code: 'body_invalid' });
  t.same(parse('{"a":"__proto__"}'), { value: { a: '__proto__' } });
  t.same(parse('{"a":["__proto__"]}'), { value: { a: ['__proto__'] } });
});
