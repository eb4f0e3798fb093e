/** Labels: which there may be, and what a body that names some or none leaves of them. */
import t from 'tap';
import { Problem } from '../../src/model/errors.ts';
import { LABEL_VALUE_MAX_CHARS, LABELS_MAX, settleLabels } from '../../src/model/labels.ts';

const settle = (...given: Parameters<typeof settleLabels>) => {
  const settled = settleLabels(...given);
  return settled instanceof Problem ? [settled.code, settled.pointer] : settled;
};

t.test('left out they stay, and an empty object takes them away', async (t) => {
  t.same(settle(undefined, undefined), {});
  t.same(settle(undefined, { team: 'web' }), { labels: { team: 'web' } });
  t.same(settle({}, { team: 'web' }), {});
  const settled = settleLabels({ z: '1', 'example.com/stage': 'canary', a: '' }, { team: 'web' });
  t.same(JSON.stringify(settled), '{"labels":{"a":"","example.com/stage":"canary","z":"1"}}', 'in one order');
});

t.test('keys are words, values are lines', async (t) => {
  for (const key of ['', 'a=b', 'a b', '-a', 'a-', '.', 'ä', 'a\n', '__proto__', 'x'.repeat(64), 'a,b']) {
    const asked = Object.fromEntries([[key, 'x']]);
    t.same(settle(asked, undefined, '/pools/blue'), ['labels_invalid', '/pools/blue/labels'], key);
  }
  for (const key of ['a', 'A1', 'app.kubernetes.io/name', 'x'.repeat(63), 'constructor', 'toString']) {
    t.same(settle({ [key]: 'x' }, undefined), { labels: { [key]: 'x' } }, key);
  }
  for (const value of ['a\nb', '\u001b[2J', '\u0000', 'a\u202eb', '\ud800', 'x'.repeat(LABEL_VALUE_MAX_CHARS + 1)]) {
    t.same(settle({ team: value }, undefined), ['labels_invalid', '/labels/team'], JSON.stringify(value).slice(0, 20));
  }
  t.same(settle({ team: '</script> Größe = 1, "x"' }, undefined), { labels: { team: '</script> Größe = 1, "x"' } });
  const many = Object.fromEntries(Array.from({ length: LABELS_MAX + 1 }, (_, i) => [`k${i}`, '']));
  t.same(settle(many, undefined), ['labels_invalid', '/labels']);
});
