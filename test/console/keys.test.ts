/** Which keys mean something, and that none does while somebody types. */
import t from 'tap';
import { KEYS, meaningOf, typedAhead } from '../../src/console/rules/keys.ts';

const press = (key: string, more: object = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });
const calm = { isTyping: false, isAfterGo: false };

t.test('keys', async (t) => {
  t.equal(meaningOf(press('k', { ctrlKey: true }), calm), 'palette');
  t.equal(meaningOf(press('K', { metaKey: true }), { ...calm, isTyping: true }), 'palette', 'in a field too');
  t.equal(meaningOf(press('/'), calm), 'search');
  t.equal(meaningOf(press('?'), calm), 'help');
  t.equal(meaningOf(press('g'), calm), 'go');
  t.equal(meaningOf(press('s'), { ...calm, isAfterGo: true }), 'services');
  t.equal(meaningOf(press('s'), calm), undefined);
  t.equal(meaningOf(press('?'), { ...calm, isAfterGo: true }), undefined);
  for (const key of ['/', '?', 'g', 't']) t.equal(meaningOf(press(key), { ...calm, isTyping: true }), undefined, key);
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) {
    t.equal(meaningOf(press('/', more), calm), undefined, 'it is the browser’s');
  }
  t.equal(new Set(KEYS.map(({ keys }) => keys)).size, KEYS.length);
});

t.test('what is typed for a field that is not drawn yet', async (t) => {
  const type = (...keys: string[]): string | undefined =>
    keys.reduce<string | undefined>((text, key) => (text === undefined ? text : typedAhead(text, press(key))), '');
  t.equal(type('g', '?'), 'g?', 'letters, and no commands');
  t.equal(type('Shift', 'A', 'b', 'Backspace', 'ü', '😀'), 'Aü😀');
  t.equal(type('Backspace'), '');
  for (const key of ['Escape', 'Enter', 'Tab', 'ArrowDown', 'F5']) t.equal(type('a', key), undefined, key);
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) {
    t.equal(typedAhead('a', press('k', more)), undefined, 'a shortcut is one');
  }
  t.equal(typedAhead('a', press('Control', { ctrlKey: true })), 'a');
});
