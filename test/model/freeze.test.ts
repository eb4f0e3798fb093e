/** Freezes: what may be said of one, which services it is for, and until when it holds them together with others. */
import t from 'tap';
import { Problem } from '../../src/model/errors.ts';
import {
  concerns,
  type Freeze,
  type FreezeBody,
  freezeBody,
  frozenAt,
  frozenInWords,
  frozenServices,
  makeFreeze,
} from '../../src/model/freeze.ts';

const weekend: FreezeBody = { timeZone: 'Europe/Berlin', windows: [{ from: 'Fri 16:00', to: 'Mon 8:00' }] };

function make(name: string, body: FreezeBody): Freeze {
  const made = makeFreeze(name, body);
  if (made instanceof Problem) throw new Error(made.detail);
  return { ...made, revision: 1 };
}

const service = (name: string, labels?: Record<string, string>) => ({
  ...{ name: `${name}.`, zone: 'example.com.' },
  ...(labels && { labels }),
});
const at = (text: string) => Date.parse(text);
const SATURDAY = at('2026-11-28T12:00:00Z');

t.test('a freeze is made of a body, and gives one back that makes it again', async (t) => {
  const body = { ...weekend, services: ['*.Example.com'], labels: { team: 'pay' }, message: ' No releases ' };
  const freeze = make('weekend', body);
  t.same(freezeBody(freeze).windows, [{ from: 'Fri 16:00', to: 'Mon 08:00' }]);
  t.match(freeze, { message: 'No releases', labels: { team: 'pay' } });
  t.same(make('weekend', freezeBody(freeze)), freeze);
});

t.test('what cannot be meant is refused with its place', async (t) => {
  const bad: [string, object, string | undefined][] = [
    ['a b', {}, undefined],
    ['x', { timeZone: 'Europe/Berln' }, '/timeZone'],
    ['x', { timeZone: '+02:00' }, '/timeZone'],
    ['x', { windows: [] }, '/windows'],
    ['x', { windows: [{ from: 'Fri 16:00', to: '2026-12-24' }] }, '/windows/0'],
    ['x', { windows: [{ from: 'Fri 16:00', to: 'friday 16:00' }] }, '/windows/0'],
    ['x', { windows: [{ from: '2026-12-24', to: '2026-12-24' }] }, '/windows/0'],
    ['x', { windows: [{ from: '2026-12-25', to: '2026-12-24' }] }, '/windows/0'],
    ['x', { windows: [weekend.windows[0], { from: '2026-02-29', to: '2026-03-01' }] }, '/windows/1'],
    ['x', { services: ['a*.example.com'] }, '/services/0'],
    ['x', { message: 'a\nb' }, '/message'],
    ['x', { message: 'x'.repeat(501) }, '/message'],
  ];
  for (const [name, more, pointer] of bad) {
    const made = makeFreeze(name, { ...weekend, ...more } as FreezeBody);
    t.ok(made instanceof Problem, JSON.stringify(more));
    t.equal((made as Problem).pointer, pointer, (made as Problem).detail);
  }
});

t.test('it is for the services that are named, by their names, zones and labels', async (t) => {
  const of = (more: object) => make('x', { ...weekend, ...more });
  t.ok(concerns(of({}), service('a.example.com')));
  t.ok(concerns(of({ services: ['a.example.com'] }), { name: 'a.example.com', zone: 'example.com' }));
  t.notOk(concerns(of({ services: ['a.example.com'] }), { name: 'b.example.com', zone: 'example.com' }));
  t.ok(concerns(of({ services: ['c.test'], zones: ['example.com'] }), { name: 'b.example.com', zone: 'example.com' }));
  const labelled = of({ labels: { team: 'pay', tier: '1' } });
  t.ok(concerns(labelled, service('a.example.com', { team: 'pay', tier: '1', more: '' })));
  t.notOk(concerns(labelled, service('a.example.com', { team: 'pay' })));
  t.notOk(concerns(of({ labels: { toString: 'x' } }), service('a.example.com')));
});

t.test('freezes that follow each other are one, and name the first', async (t) => {
  const monday = make('monday', {
    ...weekend,
    windows: [{ from: 'Mon 7:00', to: 'Mon 12:00' }],
    message: 'stocktaking',
  });
  const freezes = [make('weekend', weekend), monday];
  const frozen = frozenAt(freezes, SATURDAY);
  t.equal(frozen?.freeze.name, 'weekend');
  t.equal(frozen?.untilMs, at('2026-11-30T11:00:00Z'));
  t.equal(frozenInWords(frozen as never), 'by the freeze weekend until Mon 2026-11-30 12:00 Europe/Berlin');
  t.equal(frozenAt(freezes, at('2026-11-30T11:00:00Z')), undefined, 'its end is not in it');
  t.equal(frozenAt(freezes, at('2026-11-27T14:59:59.999Z')), undefined);
  t.match(frozenAt(freezes, at('2026-11-27T15:00:00Z')), { freeze: { name: 'weekend' } }, 'its beginning is');
  const other = { name: 'a.example.com', zone: 'example.com' };
  t.match(frozenServices(freezes, [other], SATURDAY), { service: 'a.example.com' });
});

t.test('weeks without a gap have no end that can be seen', async (t) => {
  const always = make('always', {
    timeZone: 'UTC',
    windows: [
      { from: 'Mon 0:00', to: 'Thu 0:00' },
      { from: 'Thu 0:00', to: 'Sun 24:00' },
    ],
    message: 'sold',
  });
  const frozen = frozenAt([always], SATURDAY);
  t.match(frozen, { freeze: { name: 'always' }, untilMs: undefined });
  t.equal(frozenInWords(frozen as never), 'by the freeze always until it is changed or removed (sold)');
});
