/** What is wrong with YAML is told with its place, and never thrown. */
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { readDocument } from '../src/yaml.ts';

/** What the first document says that cannot be read, else the last one. */
function read(text: string) {
  const documents = parseAllDocuments(text);
  const all = ('empty' in documents ? [] : documents).map((document) => readDocument(document, text));
  return all.find(({ fault }) => fault !== undefined) ?? all.at(-1);
}

const quoted = /is an alias, and nothing is called .*in quotes, such as "\*\.example\.com"/;

t.test('a text that begins with * without quotes is told to want them, wherever it stands', (t) => {
  for (const [text, line, column] of [
    ['records:\n  *.a.test: {}\n', 2, 3],
    ['records:\n  *.a.test:\n    A: {rdata: [192.0.2.1]}\n', 2, 3],
    ['records:\n  *.a.test :\n    A: {rdata: [192.0.2.1]}\n', 2, 3],
    ['a: *\n', 1, 4],
    ['a: [*]\n', 1, 5],
    ['a:\n  - x\n  - *\n', 3, 5],
    ['a: {rdata: [*.b.test.]}\n', 1, 13],
    ['a: {b: *x}\n', 1, 8],
    ['<<: *x\n', 1, 5],
    ['a: 1\n---\nb: *x\n', 3, 4],
  ] as const) {
    t.match(read(text), { fault: { what: quoted, line, column } }, text);
  }
  t.end();
});

t.test('other faults are told where they are; an earlier one first', (t) => {
  t.match(read('a: [1\n'), { fault: { what: /Flow sequence/, line: 2 } });
  t.match(read('a: 1\na: 2\n'), { fault: { what: 'Map keys must be unique', line: 2, column: 1 } });
  t.match(read('a: 1\na: *x\n'), { fault: { what: 'Map keys must be unique', line: 2, column: 1 } });
  t.match(read('a: @b\n'), { fault: { what: /reserved character @/, line: 1, column: 4 } });
  t.end();
});

t.test('what is deeper than can be read is told in words of whoever wrote it, with a place', (t) => {
  for (const open of ['[', '{a: ', '- ']) {
    const what = 'too many lists and mappings within each other were found';
    t.match(read(open.repeat(50_000)), { fault: { what, line: 1 } }, open);
  }
  t.end();
});

t.test('aliases are followed, but not for ever', (t) => {
  t.same(read('a: &x [1]\nb: *x\n'), { content: { a: [1], b: [1] } });
  t.same(read('&k a: 1\nb: [*k]\n'), { content: { a: 1, b: ['a'] } }, 'of a key');
  t.same(read('a: &x\nb: *x\n'), { content: { a: null, b: null } }, 'of nothing');
  t.match(read('a: *x\nb: &x 1\n'), { fault: { what: quoted, line: 1, column: 4 } }, 'of what comes behind it');
  t.match(read('a: &x 1\n---\nb: *x\n'), { fault: { what: quoted, line: 3, column: 4 } }, 'of another document');
  t.match(read('a: &x [*x]\n'), { fault: { what: /^aliases .* lead to themselves/, line: 1, column: 1 } });
  const names = [...'abcdefghij'];
  const bomb = names.map((name, i) => `${name}: &${name} [${Array(9).fill(i === 0 ? '1' : `*${names[i - 1]}`)}]\n`);
  t.match(read(bomb.join('')), { fault: { what: /too many others/ } });
  t.end();
});
