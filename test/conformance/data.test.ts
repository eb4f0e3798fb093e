/** The yardstick of the conformance tests: what makes a reply pass, and what does not. */
import t from 'tap';
import { buildQuery, decode } from '../fixtures/dns-client.ts';
import { askBytes } from '../fixtures/table.ts';
import { world } from '../fixtures/world.ts';
import { type Accepted, type ConformanceTest, matching, type RecordText, toAccepted } from './data.ts';

const { responder } = world({ 'a.test': 'www A 192.0.2.1\nwww A 192.0.2.2\ncut NS ns.a.test.\nns AAAA 2001:db8::1' });

function answerTo(name: string): Accepted {
  return toAccepted(decode(askBytes(responder, buildQuery({ name: name.toUpperCase() })) as Buffer));
}

function testOf(...accepted: Partial<Accepted>[]): ConformanceTest {
  const common = { servers: ['x'], rcode: 'NOERROR', flags: ['AA', 'QR'], answer: [], authority: [], additional: [] };
  const all = accepted.map((each) => ({ ...common, ...each }));
  return { id: '1', tag: 'E1', origin: 'a.test.', zone: '', query: { name: '', type: 'A' }, accepted: all };
}

const addresses: RecordText[] = [
  ['www.a.test.', 'A', '192.0.2.2'],
  ['www.a.test.', 'A', '192.0.2.1'],
];

t.test('a reply passes when it equals one of the accepted answers, in any order and case', (t) => {
  const good = { answer: addresses };
  t.match(matching(answerTo('www.a.test'), testOf({ rcode: 'SERVFAIL' }, { ...good, servers: ['nsd'] })), {
    servers: ['nsd'],
  });
  t.ok(matching(answerTo('www.a.test'), testOf({ ...good, flags: ['QR', 'AA'] })));
  t.ok(
    matching(answerTo('www.a.test'), testOf({ ...good, authority: [['a.test.', 'NS', 'ns.a.test.']] })),
    'beside an answer',
  );
  for (const wrong of [
    { rcode: 'NXDOMAIN' },
    { flags: ['QR'] },
    { answer: addresses.slice(1) },
    { answer: [...addresses, ['www.a.test.', 'A', '192.0.2.3'] as RecordText] },
    { additional: [['ns.a.test.', 'AAAA', '2001:db8::1'] as RecordText] },
  ]) {
    t.notOk(matching(answerTo('www.a.test'), testOf({ ...good, ...wrong })), JSON.stringify(wrong));
  }
  t.end();
});

t.test('without an answer the authority section counts', (t) => {
  const referral = {
    flags: ['QR'],
    authority: [['cut.a.test.', 'NS', 'ns.a.test.'] as RecordText],
    additional: [['ns.a.test.', 'AAAA', '2001:db8::1'] as RecordText],
  };
  t.ok(matching(answerTo('cut.a.test'), testOf(referral)));
  t.notOk(matching(answerTo('cut.a.test'), testOf({ ...referral, authority: [] })));
  t.notOk(matching(answerTo('cut.a.test'), testOf({ ...referral, additional: [] })));
  t.end();
});
