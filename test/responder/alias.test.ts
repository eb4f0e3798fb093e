/** Aliases: CNAME chains, DNAME synthesis, where they end, and what is said of the last name. */
import fc from 'fast-check';
import t from 'tap';
import { runs } from '../fixtures/runs.ts';
import { texts, world } from '../fixtures/world.ts';

const CNAME = 5;
const NXDOMAIN = 3;
const YXDOMAIN = 6;

t.test('a chain is followed to its end, through all our zones', (t) => {
  const { ask } = world({
    'a.test': `
      www CNAME www.b.test.
      gone CNAME nope.b.test.
      data CNAME text.b.test.
      out CNAME www.elsewhere.invalid.
      sub CNAME x.child.b.test.`,
    'b.test': `
      www CNAME host.b.test.
      host A 192.0.2.1
      text TXT "x"
      child NS ns.child.b.test.
      ns.child A 192.0.2.53`,
  });
  const www = ask('www.a.test');
  t.match(www, { rcode: 0, aa: true, authority: [] });
  t.same(
    www.answers.map(({ name, data }) => [name, data]),
    [
      ['www.a.test.', 'www.b.test.'],
      ['www.b.test.', 'host.b.test.'],
      ['host.b.test.', '192.0.2.1'],
    ],
  );
  t.match(ask('www.a.test', 'CNAME').answers, [{ data: 'www.b.test.' }], 'asked for, a CNAME is the answer');
  t.equal(ask('www.a.test', 'CNAME').answers.length, 1);
  t.equal(ask('www.a.test', 'ANY').answers.length, 1, 'ANY matches the CNAME itself (RFC 1034 §4.3.2 3a)');
  // RFC 6604 §3: the RCODE is about the last name, and so is the SOA (RFC 2308 §2.1).
  t.match(ask('gone.a.test'), { rcode: NXDOMAIN, aa: true, answers: [{}], authority: [{ name: 'b.test.', type: 6 }] });
  t.match(ask('data.a.test'), { rcode: 0, aa: true, answers: [{}], authority: [{ name: 'b.test.', type: 6 }] });
  t.match(ask('out.a.test'), { rcode: 0, aa: true, answers: [{ data: 'www.elsewhere.invalid.' }], authority: [] });
  const sub = ask('sub.a.test');
  t.match(sub, { rcode: 0, aa: true, answers: [{}], authority: [{ name: 'child.b.test.', type: 2 }] });
  t.same(texts(sub.additional), ['ns.child.b.test. 1 192.0.2.53']);
  t.end();
});

t.test('loops end where the circle closes', (t) => {
  const { ask } = world({
    'a.test': `
      self CNAME self.a.test.
      one CNAME two.a.test.
      two CNAME three.a.test.
      three CNAME One.a.test.
      *.wild CNAME x.y.wild.a.test.
      loop DNAME \\# 13 046c6f6f7001610474657374 00`,
  });
  t.same(texts(ask('self.a.test').answers), ['self.a.test. 5 self.a.test.']);
  t.equal(ask('one.a.test').answers.length, 3);
  t.equal(ask('ONE.a.test').answers.length, 3, 'whatever the case');
  const wild = ask('q.wild.a.test');
  t.same(texts(wild.answers), ['q.wild.a.test. 5 x.y.wild.a.test.', 'x.y.wild.a.test. 5 x.y.wild.a.test.']);
  t.match(ask('q.loop.a.test'), { rcode: 0, answers: [{ type: 39 }, { type: CNAME, data: 'q.loop.a.test.' }] });
  t.end();
});

t.test('a chain is followed up to a bound, and never past it', (t) => {
  const links = Array.from({ length: 40 }, (_, i) => `c${i} CNAME c${i + 1}.a.test.`);
  const { ask } = world({ 'a.test': [...links, 'c40 A 192.0.2.1'].join('\n') });
  t.match(ask('c25.a.test', 'A', { edns: {} }), { rcode: 0, aa: true, answers: { length: 16 } });
  t.equal(ask('c24.a.test', 'A', { edns: {} }).answers.at(-1)?.type, CNAME, 'sixteen links leave no way for the last');
  t.match(ask('c25.a.test', 'A', { edns: {} }).answers.at(-1), { data: '192.0.2.1' });
  t.match(ask('c0.a.test', 'A', { udp: false }), { rcode: 0, answers: { length: 16 } });
  t.end();
});

t.test('a DNAME that led to its own name, and is what was asked for, is given once (RFC 2181 §5.5)', (t) => {
  const { ask } = world({ 'a.test': 'old DNAME new.a.test.\n*.new CNAME old.a.test.' });
  const circle = ['n.new.a.test. 5 old.a.test.', 'n.old.a.test. 5 n.new.a.test.', 'old.a.test. 39 new.a.test.'];
  t.same(texts(ask('n.old.a.test', 'DNAME').answers).sort(), circle);
  t.same(texts(ask('old.a.test', 'DNAME').answers), circle.slice(2));
  t.end();
});

t.test('a DNAME renames what is below it, and only that (RFC 6672)', (t) => {
  const { ask } = world({
    'a.test': `
      old 77 DNAME new.a.test.
      old TXT "its owner keeps its own data"
      x.old A 192.0.2.99
      www.new A 192.0.2.1
      *.w.new A 192.0.2.2
      far DNAME b.test.
      away DNAME elsewhere.invalid.
      cut NS ns.cut.a.test.
      cut DNAME new.a.test.
      ns.cut A 192.0.2.53
      root DNAME .`,
    'b.test': 'www CNAME www.old.a.test.',
  });
  const www = ask('www.old.a.test');
  t.match(www, { rcode: 0, aa: true });
  t.same(texts(www.answers), [
    'old.a.test. 39 new.a.test.',
    'www.new.a.test. 1 192.0.2.1',
    'www.old.a.test. 5 www.new.a.test.',
  ]);
  // RFC 6672 §3.1: the TTL of the DNAME, and old servers understand the CNAME.
  t.match(www.answers, [{ type: 39, ttl: 77 }, { type: CNAME, ttl: 77 }, { ttl: 300 }]);
  t.match(ask('old.a.test', 'TXT').answers, [{ type: 16 }]);
  t.match(ask('old.a.test', 'DNAME').answers, [{ type: 39, name: 'old.a.test.' }]);
  t.match(ask('old.a.test', 'A'), { rcode: 0, answers: [], authority: [{ type: 6 }] });
  t.match(
    ask('x.old.a.test', 'A'),
    { rcode: NXDOMAIN, answers: [{ type: 39 }, { data: 'x.new.a.test.' }] },
    'occluded',
  );
  t.match(ask('www.old.a.test', 'CNAME'), {
    rcode: 0,
    authority: { length: 0 },
    answers: [{ type: 39 }, { type: CNAME }],
  });
  t.match(ask('x.old.a.test', 'CNAME'), { rcode: 0 }, 'asked for, a CNAME is the answer, wherever it leads');
  t.match(ask('q.w.old.a.test').answers, [{}, {}, { name: 'q.w.new.a.test.', data: '192.0.2.2' }]);
  t.match(ask('www.far.a.test').answers, { length: 6 }, 'DNAME, CNAME, CNAME, DNAME, CNAME, A');
  t.end();
});

t.test('a DNAME may serve twice and is given once; one that leads below itself serves once', (t) => {
  const { ask } = world({
    'a.test': `
      d.up DNAME up.a.test.
      x.up A 192.0.2.1
      grow DNAME x.grow.a.test.
      there DNAME x.back.a.test.
      back DNAME there.a.test.`,
  });
  t.same(texts(ask('x.d.d.up.a.test').answers), [
    'd.up.a.test. 39 up.a.test.',
    'x.d.d.up.a.test. 5 x.d.up.a.test.',
    'x.d.up.a.test. 5 x.up.a.test.',
    'x.up.a.test. 1 192.0.2.1',
  ]);
  t.same(texts(ask('q.grow.a.test').answers), ['grow.a.test. 39 x.grow.a.test.', 'q.grow.a.test. 5 q.x.grow.a.test.']);
  // Two that lead below each other grow as well, up to the bound of every chain.
  t.match(ask('q.there.a.test', 'A', { udp: false }), { rcode: 0, answers: { length: 2 + 16 } });
  t.end();
});

t.test('a synthesised name that would be too long is YXDOMAIN (RFC 6672 §2.2)', (t) => {
  const target = `${'t'.repeat(63)}.${'u'.repeat(63)}.a.test`;
  const { ask } = world({ 'a.test': `d DNAME ${target}.` });
  // 255 bytes: prefix, target, and the root's byte. The target has 64 + 64 + 8 with its root.
  const prefix = (bytes: number): string => {
    const label = 'x'.repeat(62);
    const first = bytes - 63 - 1;
    return `${'y'.repeat(first)}.${label}`;
  };
  const fits = ask(`${prefix(255 - 136)}.d.a.test`, 'A', { udp: false });
  t.match(fits, { rcode: NXDOMAIN, answers: [{ type: 39 }, { type: CNAME }] });
  const over = ask(`${prefix(255 - 136 + 1)}.d.a.test`, 'A', { udp: false });
  t.match(over, { rcode: YXDOMAIN, aa: true, answers: [{ type: 39 }] });
  t.equal(over.answers.length, 1);
  t.end();
});

t.test('any web of aliases gives a reply that decodes, with no owner of a CNAME twice', (t) => {
  const label = fc.constantFrom('a', 'b', 'c');
  const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => `${labels.join('.')}.a.test`);
  const alias = fc.record({ owner: name, type: fc.constantFrom('CNAME', 'DNAME'), target: name, wild: fc.boolean() });
  fc.assert(
    fc.property(fc.array(alias, { minLength: 1, maxLength: 8 }), name, (aliases, asked) => {
      const owned = new Map(
        aliases.map(({ owner, type, target, wild }) => [wild ? `*.${owner}` : owner, `${type} ${target}.`]),
      );
      const { ask } = world({ 'a.test': [...owned].map(([owner, data]) => `${owner}. ${data}`).join('\n') });
      const reply = ask(`${asked}`, 'A', { udp: false });
      const owners = reply.answers.filter(({ type }) => type === CNAME).map((record) => record.name.toLowerCase());
      if (new Set(owners).size !== owners.length) throw new Error(`${owners}`);
      if (owners.length > 16) throw new Error(`${owners.length} aliases`);
      const dnames = reply.answers.filter(({ type }) => type === 39).map((record) => record.name.toLowerCase());
      if (new Set(dnames).size !== dnames.length) throw new Error(`DNAME twice: ${dnames}`);
    }),
    { numRuns: runs(100) },
  );
  t.end();
});
