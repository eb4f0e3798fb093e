/** Patterns of owner names: one star for one label or more, wherever it stands. */
import fc from 'fast-check';
import t from 'tap';
import { PATTERNS_MAX } from '../../src/model/name-pattern.ts';
import { matchesAllBelow, matchesAnyOwner, parseOwnerPatterns } from '../../src/model/owner-pattern.ts';
import { runs } from '../fixtures/runs.ts';

const parsed = (text: string): string[] => parseOwnerPatterns([text], '/names') as string[];

t.test('what a pattern matches', async (t) => {
  const cases: [pattern: string, matches: string[], not: string[]][] = [
    ['WWW.Example.com.', ['www.example.com'], ['example.com', 'a.www.example.com']],
    [
      '_acme-challenge.*',
      ['_acme-challenge.example.com', '_acme-challenge.a.b.example.com', '_acme-challenge.com'],
      ['_acme-challenge', 'x._acme-challenge.example.com', '_acme-challengex.example.com', 'example.com', ''],
    ],
    ['*.example.com', ['a.example.com', 'a.b.example.com', '*.example.com'], ['example.com', 'xexample.com', 'com']],
    [
      '_acme-challenge.*.example.com',
      ['_acme-challenge.a.example.com', '_acme-challenge.a.b.example.com'],
      ['_acme-challenge.example.com', 'x._acme-challenge.a.example.com', '_acme-challenge.a.example.org'],
    ],
    ['*', ['com', 'a.example.com'], ['']],
    ['.', [''], ['com']],
    // A dot within a label ends none.
    ['a.*', ['a.b'], ['a\\.b.c', 'a\\.b']],
    ['*.com', [], ['a\\.com']],
    ['a\\.b.*.c', ['a\\.b.x.c'], ['a.b.x.c', 'a\\.b.c']],
  ];
  for (const [text, matches, not] of cases) {
    for (const name of matches) t.ok(matchesAnyOwner(parsed(text), name), `${text} matches ${name}`);
    for (const name of not) t.notOk(matchesAnyOwner(parsed(text), name), `${text} does not match ${name}`);
  }
  t.notOk(matchesAnyOwner([], 'a.com'));
});

t.test('what is no pattern', async (t) => {
  for (const text of ['', '*.*', '*.a.*', '_acme*.a', 'a.b*.c', '**', '*a', 'a..b', 'a b.*', 'x\\.*.c.*']) {
    t.match(parseOwnerPatterns(['a.com', text], '/names'), { code: 'pattern_invalid', pointer: '/names/1' }, text);
  }
  t.match(parseOwnerPatterns([], '/names'), { code: 'pattern_invalid', pointer: '/names' });
  t.match(parseOwnerPatterns(new Array(PATTERNS_MAX + 1).fill('a'), '/names'), { code: 'pattern_invalid' });
});

t.test('as the plain rule says: before the star, one label or more, behind it', async () => {
  const label = fc.constantFrom('a', 'b', 'ab');
  const labels = (minLength: number) => fc.array(label, { minLength, maxLength: 4 });
  fc.assert(
    fc.property(labels(0), labels(0), labels(1), (before, after, name) => {
      const hasEnds =
        name.length > before.length + after.length &&
        before.every((each, i) => name[i] === each) &&
        after.every((each, i) => name[name.length - after.length + i] === each);
      return matchesAnyOwner(parsed([...before, '*', ...after].join('.')), name.join('.')) === hasEnds;
    }),
    { numRuns: runs(100) },
  );
});

t.test('which patterns match all names below one', async (t) => {
  t.ok(matchesAllBelow(parsed('*.example.com'), 'example.com'));
  t.ok(matchesAllBelow(parsed('*.example.com'), 'a.example.com'));
  t.ok(matchesAllBelow(parsed('*'), 'a.example.com'));
  for (const text of ['a.example.com', 'a.*', '*.a.example.com', '*.b.com', 'x.*.example.com']) {
    t.notOk(matchesAllBelow(parsed(text), 'example.com'), text);
  }
});
