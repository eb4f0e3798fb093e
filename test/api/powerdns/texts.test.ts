/** Texts of records as clients of PowerDNS write them, and patterns that people search by. */
import t from 'tap';
import { matches } from '../../../src/api/powerdns/search.ts';
import { splitStrings } from '../../../src/api/powerdns/texts.ts';

t.test('long texts become strings that a record can have', async (t) => {
  t.equal(splitStrings('"abc"'), '"abc"');
  t.equal(splitStrings(' "a" "b"'), '"a" "b"');
  t.equal(splitStrings('""'), '""');
  t.equal(splitStrings(`"${'\\065'.repeat(300)}"`), `"${'\\065'.repeat(255)}" "${'\\065'.repeat(45)}"`);
  t.equal(splitStrings(`"${'ä'.repeat(128)}"`), `"${'ä'.repeat(127)}" "ä"`);
  t.equal(splitStrings('"say \\"x\\""'), '"say \\"x\\""');
  for (const text of ['abc', '"abc', 'a "b"', '"a" b', '"a\\"', '']) t.equal(splitStrings(text), undefined, text);
});

t.test('a search takes * and ?', async (t) => {
  for (const [pattern, text, isFound] of [
    ['www.example.com', 'www.example.com', true],
    ['www.example.com.', 'www.example.com', true],
    ['www', 'www.example.com', false],
    ['*www*', 'www.example.com', true],
    ['w?w.*', 'www.example.com', true],
    ['*a*b*', 'xaxbx', true],
    ['*a*b', 'xaxbx', false],
    ['*', '', true],
    ['**', 'x', true],
    ['?', 'ab', false],
    ['', 'x', false],
  ] as const)
    t.equal(matches(pattern, text), isFound, `${pattern} in ${text}`);
});
