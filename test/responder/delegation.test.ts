/** Zone cuts: referrals with their glue, what is occluded, and DS, which is the parent's. */
import t from 'tap';
import { texts, world } from '../fixtures/world.ts';

const NXDOMAIN = 3;

const parent = `
  www A 192.0.2.1
  child NS ns1.child.a.test.
  child NS ns2.other.a.test.
  child NS ns.a.test.
  child NS ns.elsewhere.invalid.
  child 60 DS 12345 8 2 0123456789012345678901234567890123456789012345678901234567890123
  child TXT "occluded"
  www.child A 192.0.2.99
  deep.child NS ns.deep.child.a.test.
  ns1.child A 192.0.2.11
  ns1.child AAAA 2001:db8::11
  other NS ns2.other.a.test.
  ns2.other A 192.0.2.12
  ns A 192.0.2.13`;

t.test('a name at or below a cut is referred: no AA, the NS records, and all addresses we hold', (t) => {
  const { ask } = world({ 'a.test': parent });
  for (const [name, type] of [
    ['child.a.test', 'A'],
    ['child.a.test', 'NS'],
    ['child.a.test', 'TXT'],
    ['child.a.test', 'ANY'],
    ['www.child.a.test', 'A'],
    ['x.y.z.child.a.test', 'MX'],
    ['deep.child.a.test', 'NS'],
    ['www.child.a.test', 'DS'],
    ['ns1.child.a.test', 'A'],
  ]) {
    const reply = ask(name, type);
    t.match(reply, { rcode: 0, aa: false, answers: [] }, `${name} ${type}`);
    t.same(
      texts(reply.authority),
      [
        'child.a.test. 2 ns.a.test.',
        'child.a.test. 2 ns.elsewhere.invalid.',
        'child.a.test. 2 ns1.child.a.test.',
        'child.a.test. 2 ns2.other.a.test.',
      ],
      `${name} ${type}`,
    );
    t.same(texts(reply.additional), [
      'ns.a.test. 1 192.0.2.13',
      'ns1.child.a.test. 1 192.0.2.11',
      'ns1.child.a.test. 28 2001:db8::11',
      'ns2.other.a.test. 1 192.0.2.12',
    ]);
  }
  t.equal(ask('www.CHILD.a.test').authority[0].name, 'CHILD.a.test.', 'the owner is the question’s own suffix');
  t.match(ask('www.a.test'), { aa: true, answers: [{ data: '192.0.2.1' }] }, 'beside a cut all is as ever');
  t.match(ask('xchild.a.test'), { aa: true, rcode: NXDOMAIN });
  t.end();
});

t.test('glue of the cut itself is not optional: a reply without room for it is cut (RFC 9471 §3)', (t) => {
  const servers = Array.from({ length: 13 }, (_, i) => `a-long-name-of-a-server-${i}`);
  const lines = (where: string): string =>
    servers
      .map(
        (name) => `child NS ${name}.${where}.a.test.\n${name}.${where} A 192.0.2.1\n${name}.${where} AAAA 2001:db8::1`,
      )
      .join('\n');
  const inDomain = world({ 'a.test': lines('child') });
  t.match(inDomain.ask('www.child.a.test'), { tc: true, authority: { length: 0 }, additional: { length: 0 } });
  t.match(inDomain.ask('www.child.a.test', 'A', { udp: false }), { tc: false, additional: { length: 26 } });
  const sibling = world({ 'a.test': `${lines('sibling')}\nsibling NS ns.sibling.a.test.` });
  const reply = sibling.ask('www.child.a.test', 'A', { edns: { udpBytes: 700 } });
  t.match(reply, { tc: false, authority: { length: 13 } }, 'of others as much as fits');
  t.ok(reply.additional.length > 0 && reply.additional.length < 26, `${reply.additional.length} addresses`);
  t.end();
});

t.test('DS is answered on the parent’s side, also where we hold the child (RFC 4035 §3.1.4.1)', (t) => {
  const alone = world({ 'a.test': parent });
  t.match(alone.ask('child.a.test', 'DS'), { aa: true, answers: [{ name: 'child.a.test.', type: 43, ttl: 60 }] });
  t.match(alone.ask('other.a.test', 'DS'), {
    rcode: 0,
    aa: true,
    answers: [],
    authority: [{ name: 'a.test.', type: 6 }],
  });
  const both = world({
    'a.test': parent,
    'child.a.test': 'www A 192.0.2.77\n@ TXT "child"',
    'sub.www.a.test': '@ TXT "not delegated"',
    'www.a.test': '@ TXT "the parent has the name, but no cut there"',
    'x.deep.child.a.test': '@ TXT "its parent is hidden"',
  });
  t.match(both.ask('child.a.test', 'DS'), { aa: true, answers: [{ type: 43 }] });
  t.match(both.ask('child.a.test', 'TXT'), { aa: true, answers: [{ data: '"child"' }] });
  t.match(both.ask('www.child.a.test'), { aa: true, answers: [{ data: '192.0.2.77' }] });
  t.match(both.ask('www.child.a.test', 'DS'), { aa: true, answers: [], authority: [{ name: 'child.a.test.' }] });
  // The parent says nothing of these, and NXDOMAIN would deny zones that we serve.
  for (const apex of ['sub.www.a.test', 'www.a.test', 'x.deep.child.a.test', 'a.test']) {
    t.match(
      both.ask(apex, 'DS'),
      { rcode: 0, aa: true, answers: [], authority: [{ name: `${apex}.`, type: 6 }] },
      apex,
    );
  }
  t.end();
});

t.test('a cut under a wildcard’s name, and a wildcard beside a cut', (t) => {
  const { ask } = world({
    'a.test': `
      *.wild TXT "synthesised"
      cut.wild NS ns.cut.wild.a.test.
      ns.cut.wild A 192.0.2.1
      *.lit NS ns.b.test.
      hole NS ns.hole.a.test.
      *.hole A 192.0.2.9`,
  });
  t.match(ask('q.wild.a.test', 'TXT'), { aa: true, answers: [{ name: 'q.wild.a.test.' }] });
  t.match(ask('q.cut.wild.a.test', 'TXT'), { aa: false, authority: [{ name: 'cut.wild.a.test.', type: 2 }] });
  t.same(texts(ask('q.hole.a.test').additional), [], 'a wildcard below a cut is the child’s, and no glue');
  t.match(ask('q.*.lit.a.test'), { aa: false, authority: [{ name: '*.lit.a.test.', type: 2 }] });
  t.end();
});
