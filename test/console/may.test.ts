/** What one may not do is known before it is tried, with the reason; and never said of what one may. */
import t from 'tap';
import { CONTRAST_MIN, contrast, inkOn } from '../../src/console/rules/colour.ts';
import { isLimited, type Need, reachText, whyNot } from '../../src/console/rules/may.ts';
import type { Self } from '../../src/contract/types.ts';

const as = (scope: string, more: Partial<Self> = {}): Self =>
  ({ name: 'ci', kind: 'token', scope, server: { version: '1' }, ...more }) as Self;
const needs: readonly Need[] = ['records', 'shift', 'release', 'admin', 'zones', 'server'];
const allowed = (self: Self): string => needs.filter((need) => whyNot(self, need) === undefined).join(' ');

t.test('what each scope may', async (t) => {
  t.equal(allowed(as('read')), '');
  t.equal(allowed(as('shift')), 'shift');
  t.equal(allowed(as('release')), 'shift release');
  t.equal(allowed(as('admin')), needs.join(' '));
  t.equal(allowed(as('records', { names: ['_acme-challenge.*'] })), 'records');
  t.equal(allowed(as('admin', { services: ['*.example.com'] })), 'records shift release admin');
  t.equal(allowed(as('admin', { zones: ['example.com'] })), 'records shift release admin zones');
  t.equal(allowed(as('of-tomorrow')), needs.join(' '), 'what is not known here the server judges');
  for (const need of needs) t.equal(whyNot(undefined, need), undefined, 'it is not known yet');
});

t.test('the reason says what is lacking', async (t) => {
  t.equal(whyNot(as('read'), 'shift'), 'Your token ci has the scope read; this needs shift.');
  t.equal(whyNot(as('release'), 'records'), 'Your token ci has the scope release; this needs admin or records.');
  t.match(whyNot(as('admin', { zones: ['example.com'] }), 'server'), 'is limited to example.com; this is beyond that.');
  t.match(whyNot(as('read', { kind: 'person', name: 'ada@example.com' }), 'shift'), /^ada@example.com has the scope/);
});

t.test('whoever sees not all is told what', async (t) => {
  t.notOk(isLimited(as('read')));
  t.ok(isLimited(as('records')));
  t.ok(isLimited(as('read', { zones: ['example.com'] })));
  t.equal(
    reachText(as('read', { zones: ['a.test'], services: ['*.b.test'] })),
    'May do what the scope read may, to services *.b.test; zones a.test.',
  );
});

t.test('a person may what any of their roles gives', async (t) => {
  const roles = [{ scope: 'read' }, { scope: 'release', zones: ['shop.test'] }] as const;
  const bob = as('release', { kind: 'person', name: 'person:bob@a.test', title: 'Bob', zones: ['shop.test'], roles });
  t.equal(allowed(bob), 'shift release');
  t.notOk(isLimited(bob), 'sees all');
  t.equal(
    reachText(bob),
    'May do what the scope read may, to everything; and what the scope release may, to zones shop.test.',
  );
  t.match(whyNot(bob, 'admin'), /^person:bob@a.test has the scope release; this needs admin/);
});

t.test('what is done to something wants a role that reaches it', async (t) => {
  const roles = [
    { scope: 'read' },
    { scope: 'release', services: ['app.example.test'], zones: ['shop.test', '*.eu.test'] },
    { scope: 'shift', services: ['*.edge.test'] },
  ] as const;
  const bob = as('release', { kind: 'person', name: 'person:bob@a.test', roles: [...roles] });
  const ofService = (need: Need, name: string, zone?: string) =>
    whyNot(bob, need, { services: [{ name, ...(zone !== undefined && { zone }) }] });
  t.equal(ofService('release', 'app.example.test', 'example.test'), undefined);
  t.equal(ofService('release', 'a.shop.test', 'shop.test'), undefined);
  t.equal(ofService('shift', 'x.edge.test', 'edge.test'), undefined);
  t.match(
    ofService('release', 'x.edge.test', 'edge.test'),
    /limited to app.example.test, .*; x.edge.test is beyond that/,
  );
  t.match(ofService('shift', 'edge.test', 'edge.test'), /is beyond that/, 'below, and not itself');
  t.match(ofService('shift', 'xedge.test', 'test'), /is beyond that/, 'a part of a label is none');
  t.match(
    ofService('shift', 'b.example.test', 'example.test'),
    /^person:bob@a.test is limited to .*; b.example.test is/,
  );
  t.match(ofService('admin', 'app.example.test', 'example.test'), /this needs admin/);
  t.equal(ofService('shift', 'b.example.test'), undefined, 'its zone is not known: the server judges');
  const both = {
    services: [
      { name: 'a.shop.test', zone: 'shop.test' },
      { name: 'x.edge.test', zone: 'edge.test' },
    ],
  };
  t.equal(whyNot(bob, 'shift', both), undefined, 'roles reach together');
  const ci = as('admin', { zones: ['a.test'] });
  t.equal(whyNot(ci, 'admin', { zone: 'a.test' }), undefined);
  t.match(whyNot(ci, 'admin', { zone: 'b.test' }), /b.test is beyond that/);
  t.match(whyNot(as('admin', { services: ['a.test'] }), 'records', { zone: 'a.test' }), /a.test is beyond that/);
  t.equal(whyNot(as('records', { names: ['_acme-challenge.*'] }), 'records', { zone: 'a.test' }), undefined);
  t.equal(whyNot(as('admin'), 'admin', { zone: 'b.test', ...both }), undefined);
});

t.test('what is written on a colour can be read, whatever the colour', async (t) => {
  t.equal(contrast('#ffffff', '#000000'), 21);
  t.equal(contrast('#777777', '#777777'), 1);
  t.equal(inkOn('#b91c1c'), '#ffffff');
  t.equal(inkOn('#ffe08a'), '#000000');
  let least = 21;
  for (let red = 0; red < 256; red += 15) {
    for (let green = 0; green < 256; green += 15) {
      for (let blue = 0; blue < 256; blue += 15) {
        const colour = `#${[red, green, blue].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
        least = Math.min(least, contrast(colour, inkOn(colour)));
      }
    }
  }
  t.ok(least >= CONTRAST_MIN, `${least}`);
});
