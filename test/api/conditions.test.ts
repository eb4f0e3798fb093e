/** If-Match and If-None-Match (RFC 9110 §13.1), by their grammar. */
import t from 'tap';
import { etagOf, explainNoMatch, isNamedBy, parseIfMatch } from '../../src/api/v1/conditions.ts';

t.test('If-Match accepts the revisions of its strong tags', async (t) => {
  t.same(parseIfMatch(etagOf(17)), [17]);
  t.same(parseIfMatch('"17","18" ,\t"19"'), [17, 18, 19]);
  t.same(parseIfMatch(',"17",, "18",'), [17, 18], 'empty elements are no fault (RFC 9110 §5.6.1)');
  t.same(parseIfMatch('W/"17", "18"'), [18], 'a weak tag never matches');
  t.same(parseIfMatch('"abc", "017", "-1", "1e3", ""'), [], 'tags that Teal never gave match nothing');
  t.equal(parseIfMatch(' * '), 'any');
});

t.test('If-None-Match compares weakly', async (t) => {
  t.equal(isNamedBy('W/"17"', 17), true);
  t.equal(isNamedBy('"16", "17"', 17), true);
  t.equal(isNamedBy('*', 17), true);
  t.equal(isNamedBy('"16"', 17), false);
});

t.test('what is not in the grammar is refused', async (t) => {
  for (const header of ['17', '"17', '17"', '"17" "18"', 'w/"17"', '*, "17"', '"1\u00007"', "'17'"]) {
    t.match(parseIfMatch(header), { code: 'header_invalid' }, JSON.stringify(header));
    t.match(isNamedBy(header, 17), { code: 'header_invalid' }, JSON.stringify(header));
  }
});

t.test('a condition that nothing could meet is told what would be right', async (t) => {
  t.match(explainNoMatch('W/"3"'), { code: 'revision_stale', status: 412, detail: /weak tag W\/"3".*send "3"/ });
  t.match(explainNoMatch('"3-gzip"'), { status: 412, detail: /has "3-gzip".*perhaps "3"\.$/ });
  t.match(explainNoMatch('"3;br"'), { detail: /perhaps "3"/ });
  t.match(explainNoMatch('"abc"'), { detail: /such as "17"/ });
  t.match(explainNoMatch(''), { status: 412 });
  t.ok(explainNoMatch(`"${'x'.repeat(10_000)}"`).detail.length < 400, 'no header is said in full');
});
