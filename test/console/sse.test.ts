/** Server-sent events out of text that arrives in any pieces. */
import fc from 'fast-check';
import t from 'tap';
import { EventParser, type ServerEvent } from '../../src/console/api/sse.ts';
import { runs } from '../fixtures/runs.ts';

function parse(...pieces: string[]): ServerEvent[] {
  const parser = new EventParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

t.test('events, ids and comments', async (t) => {
  t.same(parse('id: 7\nevent: revision\ndata: {"a":1}\n\n'), [{ event: 'revision', data: '{"a":1}', id: '7' }]);
  t.same(parse('data: one\ndata: two\n\n'), [{ event: 'message', data: 'one\ntwo', id: '' }]);
  t.same(parse(': still there\n\n'), [], 'a comment is no event');
  t.same(parse('data: half'), [], 'nor is one that has not ended');
  t.same(
    parse('id: 1\ndata: a\n\ndata: b\n\n').map(({ id }) => id),
    ['1', '1'],
    'the id holds until another comes',
  );
  t.same(
    parse('data: a\r', '', '\ndata: b\r\n\r\n'),
    [{ event: 'message', data: 'a\nb', id: '' }],
    'a piece may be empty, where a character of several bytes was cut',
  );
  t.same(parse('data\n\n'), [{ event: 'message', data: '', id: '' }], 'a field without a colon is empty');
});

t.test('it does not matter how the text is cut, nor which line ends it has', async (t) => {
  const stream = 'id: 1\nevent: release\ndata: {"x":"y"}\n\n: ping\n\nid: 2\ndata: a\ndata: b\n\n';
  const whole = parse(stream);
  t.equal(whole.length, 2);
  fc.assert(
    fc.property(
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.nat({ max: 100 }), { maxLength: 20 }),
      (lineEnd, cuts) => {
        const text = stream.replaceAll('\n', lineEnd);
        const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
        const pieces = at.slice(1).map((end, i) => text.slice(at[i], end));
        // A lone CR at the very end may be half a line end: more text tells.
        t.strictSame(parse(...pieces, ': end'), whole);
      },
    ),
    { numRuns: runs(100) },
  );
});
