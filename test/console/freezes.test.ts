/** The form of a freeze: what it was comes back from it, and nothing else. */
import t from 'tap';
import {
  barsOf,
  freezeBodyOf,
  freezeFields,
  isWhole,
  reachText,
  WEEKEND,
  windowsText,
} from '../../src/console/rules/freezes.ts';

const windows = [
  { from: 'Fri 16:00', to: 'Mon 08:00' },
  { from: '2026-12-20T00:00', to: '2027-01-03T00:00' },
];
const standing = { active: false, until: null, begins: null, revision: 7 };

t.test('what a freeze is comes back from its fields', async (t) => {
  const whole = {
    timeZone: 'Europe/Berlin',
    windows,
    services: ['*.example.com'],
    zones: ['shop.test', 'a.test'],
    labels: { team: 'web' },
    message: 'No releases',
  };
  const bare = { timeZone: 'UTC', windows: windows.slice(0, 1) };
  for (const body of [whole, bare]) {
    t.same(freezeBodyOf(freezeFields({ name: 'some', ...body, ...standing }, 'Asia/Tokyo')), body);
  }
  const own = { name: 'some', ...bare, ...standing, ownLabels: { by: 'apply' } };
  t.same(freezeBodyOf(freezeFields(own, 'UTC'), own), { ...bare, ownLabels: { by: 'apply' } });
  t.same(freezeBodyOf({ ...freezeFields(own, 'UTC'), ownLabels: '' }, own), { ...bare, ownLabels: {} }, 'taken away');
  t.same(freezeBodyOf(freezeFields(undefined, 'Asia/Tokyo')), {
    timeZone: 'Asia/Tokyo',
    windows: [{ from: 'Fri 16:00', to: 'Mon 08:00' }],
  });
});

t.test('it is asked about once it is whole', async (t) => {
  const fields = freezeFields(undefined, 'UTC');
  t.equal(isWhole(fields), true);
  t.equal(isWhole({ ...fields, windows: [{ ...WEEKEND, toTime: '' }] }), false);
  t.equal(isWhole({ ...fields, windows: [{ ...WEEKEND, kind: 'once', from: '2026-12-20T00:00' }] }), false);
});

t.test('in words and as bars', async (t) => {
  t.equal(windowsText(windows), 'Fri 16:00 – Mon 08:00, 2026-12-20 00:00 – 2027-01-03 00:00');
  t.equal(reachText({}), 'everything');
  t.equal(
    reachText({ services: ['a.test'], zones: ['b.test'], labels: { team: 'web' } }),
    'services a.test and zones b.test with team=web',
  );
  const coming = [
    { from: '2026-11-28T00:00:00Z', to: '2026-11-30T00:00:00Z', wall: '' },
    { from: '2026-12-04T00:00:00Z', to: '2026-12-09T00:00:00Z', wall: '' },
  ];
  const nowMs = Date.parse('2026-11-29T00:00:00Z');
  t.same(barsOf(coming, nowMs), [
    { left: 0, width: 10 },
    { left: 50, width: 50 },
  ]);
});
