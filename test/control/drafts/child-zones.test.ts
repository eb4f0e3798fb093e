/** A zone and its child on one server: the child answers, the parent keeps what it holds below, and services go on. */
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { ZoneFiles } from '../../../src/control/zone-files/zone-files.ts';
import type { Problem } from '../../../src/model/errors.ts';
import { systemClock } from '../../../src/server/system-clock.ts';
import { buildQuery, decode } from '../../fixtures/dns-client.ts';
import { bluegreen, type EngineFixture, makeEngine, NOON_MS, withService, zoneBody } from '../../fixtures/engine.ts';
import { countQuestions } from '../../fixtures/questions.ts';
import { setReadOnly } from '../../fixtures/store.ts';
import { askBytes } from '../../fixtures/table.ts';

const put = (name: string, type: string, ...rdata: string[]): Command => ({
  kind: 'rrset.put',
  zone: 'example.com',
  name,
  type,
  body: { ttlSeconds: 60, rdata },
});
const remove = (name: string, type: string): Command => ({ kind: 'rrset.delete', zone: 'example.com', name, type });
const child: Command = {
  kind: 'zone.put',
  zone: 'sub.example.com',
  body: { ...zoneBody, nameservers: ['ns.sub.example.com'] },
};
const noChild: Command = { kind: 'zone.delete', zone: 'sub.example.com', withServices: true };
const inChild = (command: Command): Command => ({ ...command, zone: 'sub.example.com' }) as Command;

/** The parent delegates the child, with glue, and holds what the child will hide. */
function makeParent(t: Test): EngineFixture {
  const fixture = withService(makeEngine(t));
  fixture.must(put('sub.example.com', 'NS', 'ns.sub.example.com.'));
  fixture.must(put('ns.sub.example.com', 'A', '192.0.2.53'));
  fixture.must(put('sub.example.com', 'DS', `1 8 2 ${'ab'.repeat(32)}`));
  fixture.must(put('sub.example.com', 'TXT', 'parent'));
  return fixture;
}

function reply({ responder }: EngineFixture, name: string, type: string) {
  const bytes = askBytes(responder, buildQuery({ name, type }));
  if (bytes === undefined) throw new Error('no reply');
  const { rcode, flags, answers, authority, additional } = decode(bytes);
  const texts = (records: typeof answers) => records.map(({ name, type, data }) => `${name} ${type} ${data}`);
  return {
    rcode,
    aa: (flags & 0x400) !== 0,
    answers: texts(answers),
    authority: authority.length,
    more: texts(additional),
  };
}

const zoneOf = ({ queries }: EngineFixture, name: string) => (queries.zone(name) as { body: { serial: number } }).body;

t.test(
  'a child zone hides what its parent holds, and its end shows it again; the parent does not change',
  async (t) => {
    const fixture = makeParent(t);
    const before = zoneOf(fixture, 'example.com');
    const referral = reply(fixture, 'x.sub.example.com', 'A');
    t.match(referral, { rcode: 0, aa: false, answers: [], authority: 1, more: [/192\.0\.2\.53/] });
    t.match(reply(fixture, 'sub.example.com', 'DS'), { aa: true, answers: [/^sub/] });

    fixture.must(child);
    t.same(zoneOf(fixture, 'example.com'), before, 'neither serial nor revision');
    t.equal(fixture.ask('x.sub.example.com'), 3, 'the child answers');
    t.equal(fixture.ask('ns.sub.example.com'), 3);
    t.same(fixture.ask('sub.example.com', 'TXT'), []);
    t.match(reply(fixture, 'sub.example.com', 'NS'), { aa: true, answers: [/^sub/] });
    t.match(reply(fixture, 'sub.example.com', 'DS'), { aa: true, answers: [/^sub/] }, "the parent's word");
    fixture.must(inChild(put('x.sub.example.com', 'A', '192.0.2.80')));
    t.same(fixture.ask('x.sub.example.com'), ['192.0.2.80']);
    t.match(fixture.queries.rrset('example.com', 'ns.sub.example.com', 'A'), { body: { rdata: ['192.0.2.53'] } });
    t.same(zoneOf(fixture, 'example.com'), before);

    fixture.close();
    const again = makeEngine(t, { folder: fixture.folder });
    t.same(again.ask('x.sub.example.com'), ['192.0.2.80'], 'after a restart too');
    again.must(noChild);
    t.same(zoneOf(again, 'example.com'), before);
    t.same(reply(again, 'x.sub.example.com', 'A'), referral, 'the delegation as it was');
  },
);

t.test('without a delegation the records come back as answers', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must(put('sub.example.com', 'CNAME', 'app.example.com.'));
  fixture.must(put('www.sub.example.com', 'A', '192.0.2.80'));
  fixture.must(child);
  t.same(fixture.ask('sub.example.com'), [], 'no CNAME beside the SOA of the child');
  t.equal(fixture.ask('www.sub.example.com'), 3);
  fixture.must(noChild);
  t.same(fixture.ask('www.sub.example.com'), ['192.0.2.80']);
  t.same(fixture.ask('sub.example.com'), ['192.0.2.10', 'app.example.com.']);
});

t.test('services below a new child go on, in the child; its parent neither notices nor loses them', async (t) => {
  const fixture = makeEngine(t);
  withService(fixture);
  fixture.must({ kind: 'service.put', name: 'app.sub.example.com', body: bluegreen(1, 0) });
  fixture.must({ kind: 'service.put', name: 'sub.example.com', body: bluegreen(1, 0) });
  fixture.must(put('app.sub.example.com', 'TXT', 'parent'));
  const before = zoneOf(fixture, 'example.com');
  const { revision } = fixture.must(child);
  t.equal(fixture.store.lastRevision, revision, 'one revision');
  t.same(zoneOf(fixture, 'example.com'), before);
  t.match(fixture.queries.service('app.sub.example.com'), { body: { zone: 'sub.example.com' } });
  for (const name of ['app.sub.example.com', 'sub.example.com']) t.same(fixture.ask(name), ['192.0.2.10']);
  t.same(fixture.ask('blue.app.sub.example.com'), ['192.0.2.10'], 'previews too');
  fixture.must({ kind: 'weights.put', name: 'app.sub.example.com', weights: { blue: 0, green: 1 } });
  t.same(fixture.ask('app.sub.example.com'), ['192.0.2.20']);
  t.same(fixture.ask('app.sub.example.com', 'TXT'), []);
  t.equal(fixture.code({ kind: 'zone.delete', zone: 'sub.example.com', withServices: false }), 'zone_has_services');
  fixture.must(noChild);
  t.same(fixture.ask('app.sub.example.com', 'TXT'), ['"parent"']);
  t.same(fixture.ask('app.sub.example.com'), []);
});

t.test(
  'the parent may change what it holds below the child: its word on the delegation and glue, no more',
  async (t) => {
    const fixture = makeParent(t);
    fixture.must(child);
    fixture.must(put('ns.sub.example.com', 'A', '192.0.2.54'));
    fixture.must(put('ns.sub.example.com', 'AAAA', '2001:db8::54'));
    fixture.must(put('sub.example.com', 'TXT', '"what is there may be changed"'));
    fixture.must(remove('sub.example.com', 'TXT'));
    for (const [name, type, data] of [
      ['sub.example.com', 'TXT', 'x'],
      ['x.sub.example.com', 'TXT', 'x'],
      ['x.sub.example.com', 'NS', 'ns.test.'],
    ] as const)
      t.match(
        fixture.execute(put(name, type, data)),
        { code: 'name_taken', conflict: 'sub.example.com' },
        `${name} ${type}`,
      );
    fixture.must(remove('sub.example.com', 'NS'));
    t.equal(fixture.code(put('x.sub.example.com', 'A', '192.0.2.1')), 'name_taken', 'glue needs a delegation');
    t.equal(fixture.code(remove('x.sub.example.com', 'A')), 'name_taken');
    fixture.must(put('ns.sub.example.com', 'A', '192.0.2.55'));
    fixture.must(noChild);
    t.same(fixture.ask('ns.sub.example.com'), ['192.0.2.55']);
  },
);

t.test(
  "the parent's additional section does not say what the child hides, nor its wildcard what the child holds",
  async (t) => {
    const fixture = withService(makeEngine(t));
    fixture.must(put('mail.sub.example.com', 'A', '192.0.2.25'));
    fixture.must(put('*.example.com', 'A', '192.0.2.99'));
    fixture.must(put('a.example.com', 'MX', '10 mail.sub.example.com.'));
    fixture.must(put('b.example.com', 'MX', '10 mail.deep.sub2.example.com.'));
    t.match(reply(fixture, 'a.example.com', 'MX').more, [/192\.0\.2\.25/]);
    t.match(reply(fixture, 'b.example.com', 'MX').more, [/192\.0\.2\.99/]);
    fixture.must(child);
    fixture.must({ ...child, zone: 'sub2.example.com' } as Command);
    t.same(reply(fixture, 'a.example.com', 'MX').more, []);
    t.same(reply(fixture, 'b.example.com', 'MX').more, []);
    fixture.must(noChild);
    t.match(reply(fixture, 'a.example.com', 'MX').more, [/192\.0\.2\.25/]);
  },
);

t.test('glue below a child is glue still, for other delegations', async (t) => {
  const fixture = makeParent(t);
  fixture.must(put('other.example.com', 'NS', 'ns.sub.example.com.'));
  fixture.must(child);
  t.match(reply(fixture, 'x.other.example.com', 'A'), { aa: false, authority: 1, more: [/192\.0\.2\.53/] });
});

t.test('an export has what the parent holds below the child, and its import keeps it', async (t) => {
  const fixture = makeParent(t);
  fixture.must(child);
  const files = new ZoneFiles(fixture.store, fixture.table, fixture.engine, systemClock);
  t.teardown(() => files.stop());
  const read = async () =>
    Buffer.concat(((await files.export('example.com')) as { pieces: readonly Uint8Array[] }).pieces);
  const text = await read();
  t.match(text.toString(), /^ns\.sub +60 +IN A +192\.0\.2\.53$/m);
  t.match(text.toString(), /^sub +60 +IN TXT +"parent"$/m);
  const context = { actor: 'test', atMs: NOON_MS };
  const more = `${text}extra.sub 60 A 192.0.2.81\n`;
  t.match(await files.import('example.com', Buffer.from(more), context), { created: false });
  t.equal(fixture.ask('extra.sub.example.com'), 3, 'hidden');
  t.match(await files.import('example.com', text, context), { created: false });
  t.equal((await read()).toString().replace(/ \d+ 86400/, ''), text.toString().replace(/ \d+ 86400/, ''));
  t.match(await files.import('*.example.com', text, context), { code: 'name_invalid' } as Partial<Problem>);
});

t.test(
  'a child that takes over many services: what their former zone knew of them goes little by little',
  async (t) => {
    const fixture = makeEngine(t);
    const { table } = fixture;
    withService(fixture);
    const names = Array.from({ length: 300 }, (_, i) => `s${i}.sub.example.com`);
    fixture.store.allOrNothing(() => {
      for (const name of names) fixture.must({ kind: 'service.put', name, body: bluegreen(1, 0) });
      return undefined;
    });
    while (table.collect());
    const before = table.memory.waiting;
    fixture.must(put('other.example.com', 'NS', 's0.sub.example.com.', 's1.sub.example.com.'));
    fixture.must(child);
    fixture.must({ kind: 'service.delete', name: 's1.sub.example.com' });
    t.same(reply(fixture, 'x.other.example.com', 'A').more, [], 'services of the child are no glue, from then on');
    const [first = '', last = ''] = [names[0], names.at(-1)];
    const answers = (zone: string) => {
      for (const name of [first, last, `blue.${first}`])
        t.same(fixture.ask(name), ['192.0.2.10'], `${name} in ${zone}`);
      t.equal(fixture.ask('other.sub.example.com'), 3);
    };
    answers('the child, at once');
    // A plan for each service and each preview, and not a node for each: three each would be more.
    t.ok(table.memory.waiting - before < names.length * 5, `${table.memory.waiting - before} versions and blocks`);

    let turns = 0;
    while (table.collect()) {
      turns++;
      if (turns % 2 === 0) fixture.must({ kind: 'weights.put', name: first, weights: { blue: 1, green: 0 } });
    }
    t.ok(turns >= 3, `${turns} turns`);
    answers('the child, when all is done');

    fixture.must(noChild);
    for (const name of [first, last, `blue.${first}`, 'sub.example.com']) t.equal(fixture.ask(name), 3, name);
    while (table.collect());
    fixture.must(child);
    t.equal(fixture.ask(first), 3, 'nothing comes back');
  },
);

t.test('a child that goes at once, or the zone above it, leaves nothing of the services behind', async (t) => {
  for (const [title, commands] of [
    ['the child', [noChild]],
    ['the child, and it comes again', [noChild, child]],
    [
      'the zone above, and it comes again',
      [{ kind: 'zone.delete', zone: 'example.com', withServices: true }, 'parent', noChild],
    ],
    ['a service, then the child', [{ kind: 'service.delete', name: 's1.sub.example.com' }, noChild]],
  ] as const) {
    const fixture = makeEngine(t);
    const { table } = fixture;
    withService(fixture);
    for (const i of [1, 2]) {
      fixture.must({ kind: 'service.put', name: `s${i}.sub.example.com`, body: bluegreen(1, 0) });
    }
    fixture.must(child);
    for (const command of commands) {
      if (command === 'parent') fixture.must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
      else fixture.must(command as Command);
    }
    for (const moment of ['at once', 'later']) {
      for (const name of ['s1.sub.example.com', 's2.sub.example.com', 'blue.s2.sub.example.com']) {
        t.equal(fixture.ask(name), 3, `${title}, ${moment}: ${name}`);
      }
      while (table.collect());
    }
  }
});

t.test(
  'a change that fails leaves the services in the zone above, and the child takes them over all the same later',
  async (t) => {
    const fixture = makeEngine(t);
    withService(fixture);
    fixture.must({ kind: 'service.put', name: 'app.sub.example.com', body: bluegreen(1, 0) });
    fixture.must(put('txt.sub.example.com', 'TXT', 'parent'));
    const used = fixture.table.memory.usedBytes;
    setReadOnly(fixture.store, true);
    for (let i = 0; i < 3; i++) t.equal(fixture.code(child), 'store_unavailable');
    while (fixture.table.collect());
    t.equal(fixture.table.memory.usedBytes, used, 'nothing is lost');
    setReadOnly(fixture.store, false);
    t.same(fixture.ask('app.sub.example.com'), ['192.0.2.10']);
    t.same(fixture.ask('txt.sub.example.com', 'TXT'), ['"parent"']);
    fixture.must(child);
    t.same(fixture.ask('green.app.sub.example.com'), ['192.0.2.20']);
    t.equal(fixture.ask('txt.sub.example.com', 'TXT'), 3);
  },
);

t.test('whether a zone can go is asked once, and not for each of its services', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.store.allOrNothing(() => {
    for (let i = 0; i < 50; i++) {
      fixture.must({ kind: 'service.put', name: `s${i}.example.com`, body: bluegreen(1, 0) });
    }
    return undefined;
  });
  const all = ['service', 'activeReleaseOf', 'releasingIn', 'servicesIn', 'rrsetsAt'] as const;
  const asked = countQuestions(fixture.store, all);
  fixture.must({ kind: 'zone.delete', zone: 'example.com', withServices: true });
  t.ok(asked() > 0 && asked() < 10, `${asked()} questions`);
});
