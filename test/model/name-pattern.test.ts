/** Patterns of names: what each matches, and what is none. */
import fc from 'fast-check';
import t from 'tap';
import { Problem } from '../../src/model/errors.ts';
import { isAtOrBelow } from '../../src/model/name.ts';
import { matchesAny, PATTERNS_MAX, parsePattern, parsePatterns } from '../../src/model/name-pattern.ts';
import { runs } from '../fixtures/runs.ts';

t.test('what a pattern matches', async (t) => {
  const cases: [pattern: string, matches: string[], not: string[]][] = [
    ['app.example.com', ['app.example.com'], ['example.com', 'a.app.example.com', 'xapp.example.com', '']],
    ['APP.Example.com.', ['app.example.com'], ['app.example.org']],
    [
      '*.example.com',
      ['app.example.com', 'a.b.example.com', '*.example.com'],
      ['example.com', 'xexample.com', 'com', ''],
    ],
    ['*.com', ['example.com', 'a.b.com'], ['com', 'com.example', 'xcom']],
    ['*', ['example.com', 'com', ''], []],
    ['.', [''], ['com']],
    // The name of one label with a dot in it is not below com.
    ['*.com', [], ['a\\.com']],
  ];
  for (const [text, matches, not] of cases) {
    const pattern = parsePattern(text) as string;
    for (const name of matches) t.ok(matchesAny([pattern], name), `${text} matches ${JSON.stringify(name)}`);
    for (const name of not) t.notOk(matchesAny([pattern], name), `${text} does not match ${JSON.stringify(name)}`);
  }
  t.notOk(matchesAny([], 'example.com'), 'no pattern matches nothing');
});

t.test('what is no pattern', async (t) => {
  for (const text of [
    '',
    'a..com',
    'app.*.com',
    '**.com',
    'app*.example.com',
    '*app.com',
    '*.*.com',
    'ü.com',
    '*.a b',
  ]) {
    t.match(parsePattern(text), { code: 'pattern_invalid', detail: JSON.stringify(text) }, text);
  }
  t.match(parsePatterns(['a.com', '*x.com'], '/services'), { code: 'pattern_invalid', pointer: '/services/1' });
  t.match(parsePatterns([], '/zones'), { code: 'pattern_invalid', pointer: '/zones' });
  t.type(parsePatterns(new Array(PATTERNS_MAX).fill('a.com'), '/zones'), Array);
  t.type(parsePatterns(new Array(PATTERNS_MAX + 1).fill('a.com'), '/zones'), Problem);
});

t.test('*.x matches what is below x, and nothing else', async () => {
  const label = fc.constantFrom('a', 'b', 'ab', 'a\\.b');
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  fc.assert(
    fc.property(name, name, (suffix, candidate) => {
      const below = isAtOrBelow(candidate, suffix) && candidate !== suffix;
      return matchesAny([parsePattern(`*.${suffix}`) as string], candidate) === below;
    }),
    { numRuns: runs(100) },
  );
});
