/** Numbers as they are typed, key by key. */
import t from 'tap';
import { numberOf, shownNumber, typedNumber } from '../../src/console/rules/numbers.ts';

t.test('what is a number, and what is none', async (t) => {
  for (const [text, number] of [
    ['12.5', 12.5],
    [' 7 ', 7],
    ['0.', 0],
    ['.5', 0.5],
    ['-0.015', -0.015],
    ['+3', 3],
  ] as const)
    t.equal(numberOf(text), number, text);
  for (const text of ['', ' ', '\t']) t.equal(numberOf(text), undefined, JSON.stringify(text));
  for (const text of ['-', '.', '1,5', 'ten', '0x10', '1e3', 'Infinity', '１２', '1 2', '1.2.3'])
    t.ok(Number.isNaN(numberOf(text)), text);
});

t.test('a request has the number, or what was typed in its place: a blank is no zero', async (t) => {
  t.same(['60', ' 60 ', ' ', '', 'sixty'].map(typedNumber), [60, 60, '', '', 'sixty']);
  t.equal(typedNumber(), '');
});

t.test('whatever is typed key by key stays, and means in the end what it says', async (t) => {
  for (const whole of ['0.05', '12.5', '-0.015', '100', '1.50', '.25', 'ten']) {
    let [value, typed]: [number | undefined, string] = [7, '7'];
    for (let length = 0; length <= whole.length; length++) {
      // The key comes to what the field shows.
      typed = length === 0 ? '' : `${shownNumber(value, typed)}${whole[length - 1]}`;
      value = numberOf(typed);
    }
    t.equal(shownNumber(value, typed), whole);
    t.ok(Object.is(value, whole === 'ten' ? Number.NaN : Number(whole)), whole);
  }
  t.equal(shownNumber(5, '7'), '5', 'somebody else set it meanwhile');
  t.equal(shownNumber(undefined, undefined), '');
});
