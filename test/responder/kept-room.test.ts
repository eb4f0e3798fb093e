/** What is kept is written within the room that every transport has for a reply, however long names and records are. */
import t, { type Test } from 'tap';
import type { TableChange } from '../../src/table/changes.ts';
import { TYPE, UDP_CLASSIC_BYTES } from '../../src/wire/constants.ts';
import { apply, makeTable, rrset, zone } from '../fixtures/table.ts';
import { answers, buildAsk, countLookups, messageMemory } from './kept-history.ts';

const client = Uint8Array.of(192, 0, 2, 1);

/** Labels that take so many bytes of a name, three at least. */
function labels(bytes: number): string {
  const sizes: number[] = [];
  for (let left = bytes; left > 0; left -= sizes.at(-1) as number)
    sizes.push(left <= 64 ? left : Math.min(64, left - 3));
  return sizes.map((size) => 'x'.repeat(size - 1)).join('.');
}

/** Asks for names in turn; the replies, and which of them needed no lookup. */
function askInTurn(changes: readonly TableChange[], names: readonly string[], type: number, memory?: Uint8Array) {
  const { table, responder } = makeTable({ initialBytes: 2 ** 16 });
  apply(table, ...changes);
  responder.enter(1000);
  const lookups = countLookups(responder);
  return names.map((name) => {
    const before = lookups();
    const [reply] = answers(responder, [{ query: buildAsk(name, type, '', 0), client }], memory) as [string];
    return { reply, isKept: lookups() === before };
  });
}

/** Of the replies to them: the longest one at all, and the longest one that came from what is kept. In bytes. */
function longest(t: Test, changes: readonly TableChange[], names: readonly string[], type: number) {
  const given = askInTurn(changes, names, type, messageMemory());
  t.same(
    given.map(({ reply }) => reply),
    askInTurn(changes, names, type).map(({ reply }) => reply),
  );
  const bytes = (some: typeof given): number => Math.max(0, ...some.map(({ reply }) => reply.length / 2));
  return { all: bytes(given), kept: bytes(given.filter(({ isKept }) => isKept)) };
}
t.test('denials of names and zones of all lengths', async (t) => {
  const lengths = Array.from({ length: 110 }, (_, i) => {
    const changes = [zone('z.test', { hostmaster: labels(100 + i) })];
    // Names as long as each other, up to the longest.
    const names = [1, 30, 60, 92].flatMap((less) =>
      ['a', 'b', 'c'].map((first) => `${first}${labels(247 - less).slice(1)}.z.test`),
    );
    return longest(t, changes, names, TYPE.A);
  });
  check(t, lengths);
});

t.test('answers of all lengths', async (t) => {
  const lengths = Array.from({ length: 140 }, (_, i) => {
    const text = (bytes: number): string => `"${'y'.repeat(bytes)}"`;
    const changes = [
      zone('z.test'),
      rrset('z.test', 'one.z.test', 'TXT', 300, text(50 + i)),
      rrset('z.test', 'both.z.test', 'TXT', 300, text((340 + i) >> 1), text((341 + i) >> 1)),
    ];
    const names = ['one', 'both', 'one', 'both', 'one', 'both'].map((name) => `${name}.z.test`);
    return longest(t, changes, names, TYPE.TXT);
  });
  check(t, lengths);
});

/** That there was something to see: replies up to the longest, and of what is kept no small ones only. */
function check(t: Test, lengths: readonly { all: number; kept: number }[]): void {
  const all = Math.max(...lengths.map((each) => each.all));
  const kept = Math.max(...lengths.map((each) => each.kept));
  t.equal(all, UDP_CLASSIC_BYTES);
  t.ok(kept > 200, `the longest that was kept: ${kept} bytes`);
}
