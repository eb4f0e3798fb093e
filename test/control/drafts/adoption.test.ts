/** A live name becomes a service and records again: in one revision each, whole in the log, with every neighbour in place. */
import t, { type Test } from 'tap';
import { drainReply } from '../../../src/api/v1/replies/drain.ts';
import type { Command } from '../../../src/control/commands/command.ts';
import { Propagation } from '../../../src/control/drain/propagation.ts';
import { DrainReports } from '../../../src/control/drain/report.ts';
import { Problem } from '../../../src/model/errors.ts';
import type { Subject } from '../../../src/model/revision.ts';
import {
  bluegreen,
  type EngineFixture,
  makeEngine,
  NOON_MS,
  temporaryFolder,
  zoneBody,
} from '../../fixtures/engine.ts';

const live = 'live.example.com';

const put = (name: string, type: string, ttlSeconds: number, ...rdata: string[]): Command => ({
  kind: 'rrset.put',
  zone: 'example.com',
  name,
  type,
  body: { ttlSeconds, rdata },
});
const adopt = (name: string, body: object = {}): Command => ({
  kind: 'service.put',
  name,
  body: { replace: true, ...body },
});
const hosts = (name: string, more: object = {}): Command => ({
  kind: 'service.put',
  name,
  body: {
    pools: { blue: { weight: 1, targets: ['lb-1.example.net'] }, green: { weight: 0, targets: ['lb-2.example.net'] } },
    ...more,
  },
});

function zoned(t: Test, ...commands: Command[]): EngineFixture {
  const fixture = makeEngine(t);
  for (const command of [{ kind: 'zone.put', zone: 'example.com', body: zoneBody } as const, ...commands]) {
    fixture.must(command);
  }
  return fixture;
}

function subjectsOf({ store }: EngineFixture, revision: number): readonly Subject[] {
  return store.revisions(revision - 1, 1)[0]?.subjects ?? [];
}

t.test('A and AAAA become a service of what they lead to, in one revision, and come back as they were', async (t) => {
  const fixture = zoned(
    t,
    put(live, 'A', 300, '192.0.2.1', '192.0.2.2'),
    put(live, 'AAAA', 600, '2001:db8::1'),
    put(live, 'TXT', 60, '"hi"'),
  );
  const before = { A: fixture.ask(live), AAAA: fixture.ask(live, 'AAAA') };
  t.match(fixture.execute({ kind: 'service.put', name: live, body: bluegreen(1, 0) }), {
    code: 'service_conflict',
    conflict: 'live.example.com/A',
    detail: /with "replace": true it takes the place of that, at one instant/,
  });
  const made = fixture.must(adopt(live));
  t.match(made, { created: true, body: { ttlSeconds: 300, replaced: [{ type: 'A' }, { type: 'AAAA' }] } });
  t.same({ A: fixture.ask(live), AAAA: fixture.ask(live, 'AAAA') }, before);
  t.same(fixture.ask(live, 'TXT'), ['"hi"'], 'what stands beside it stays');
  t.equal(fixture.ttl(live), 300);
  t.match(subjectsOf(fixture, made.revision), [
    { kind: 'service', name: live, before: null, after: { ttlSeconds: 300 } },
    { kind: 'rrset', name: `${live}/A`, before: { ttlSeconds: 300, rdata: ['192.0.2.1', '192.0.2.2'] }, after: null },
    { kind: 'rrset', name: `${live}/AAAA`, before: { ttlSeconds: 600, rdata: ['2001:db8::1'] }, after: null },
  ]);
  t.same(fixture.must(adopt(live)).revision, made.revision, 'the same again changes nothing');
  const left = fixture.must({ kind: 'service.delete', name: live, leave: 'blue' });
  t.equal(left.revision, made.revision + 1);
  t.same({ A: fixture.ask(live), AAAA: fixture.ask(live, 'AAAA') }, before);
  t.match(subjectsOf(fixture, left.revision), [
    { kind: 'service', name: live, after: null },
    { kind: 'rrset', name: `${live}/A`, before: null, after: { ttlSeconds: 300, rdata: ['192.0.2.1', '192.0.2.2'] } },
    { kind: 'rrset', name: `${live}/AAAA`, before: null, after: { ttlSeconds: 300 } },
  ]);
  t.same(fixture.ask(`blue.${live}`), 3, 'its previews went with it');
});

t.test(
  'each kind becomes each kind: A to CNAME pools, back to addresses, a CNAME to either, and the CNAME is left',
  async (t) => {
    const fixture = zoned(t, put(live, 'A', 60, '192.0.2.1'), put('www.example.com', 'CNAME', 60, 'old.example.net.'));
    fixture.must(hosts(live, { replace: true }));
    t.same(fixture.ask(live), ['lb-1.example.net.'], 'a CNAME');
    t.same(fixture.ask(`green.${live}`), ['lb-2.example.net.'], 'and so are its previews');
    const changed = fixture.must({ kind: 'service.put', name: live, body: bluegreen(1, 0) });
    t.same(fixture.ask(live), ['192.0.2.10']);
    t.same(fixture.ask(`green.${live}`), ['192.0.2.20']);
    t.match(fixture.store.revisions(changed.revision - 1, 1)[0]?.summary, /now of addresses/);
    fixture.must(hosts(live));
    t.same(fixture.ask(live), ['lb-1.example.net.']);
    fixture.must({ kind: 'service.delete', name: live, leave: 'green' });
    t.same(fixture.ask(live, 'CNAME'), ['lb-2.example.net.']);
    t.equal(fixture.store.rrsetsAt('example.com', live).length, 1);

    fixture.must(adopt('www.example.com'));
    t.same(fixture.ask('www.example.com'), ['old.example.net.']);
    fixture.must({ kind: 'service.put', name: 'www.example.com', body: bluegreen(0, 1) });
    t.same(fixture.ask('www.example.com'), ['192.0.2.20']);
  },
);

t.test('pins and previews hold across a change of kind, what stands beside a host name is named', async (t) => {
  const pins = [{ network: '198.51.100.0/24', pool: 'green' }];
  const fixture = zoned(t, { kind: 'service.put', name: live, body: bluegreen(1, 0, { pins }) });
  const tester = { client: Uint8Array.of(198, 51, 100, 7) };
  t.same(fixture.ask(live, 'A', tester), ['192.0.2.20']);
  fixture.must(put(live, 'MX', 60, '10 mail.example.com.'));
  t.match(fixture.execute(hosts(live, { pins })), { code: 'service_conflict', conflict: `${live}/MX` });
  t.match(fixture.execute(hosts(live, { pins, replace: true })), { conflict: `${live}/MX` }, 'nor is that replaced');
  t.same(fixture.ask(live), ['192.0.2.10'], 'nothing changed');
  fixture.must({ kind: 'rrset.delete', zone: 'example.com', name: live, type: 'MX' });
  fixture.must(hosts(live, { pins }));
  t.same(fixture.ask(live, 'A', tester), ['lb-2.example.net.']);
  fixture.must({ kind: 'service.put', name: live, body: bluegreen(1, 0, { pins }) });
  t.same(fixture.ask(live, 'A', tester), ['192.0.2.20']);
});

t.test('the apex, a wildcard, a name with names below, a name that CNAMEs and MX lead to', async (t) => {
  const fixture = zoned(
    t,
    put('example.com', 'A', 300, '192.0.2.1'),
    put('example.com', 'MX', 300, '10 mail.example.com.'),
    put('*.wild.example.com', 'A', 300, '192.0.2.2'),
    put('mail.example.com', 'A', 300, '192.0.2.3'),
    put('a.b.mail.example.com', 'TXT', 300, '"below"'),
    put('alias.example.com', 'CNAME', 300, 'mail.example.com.'),
  );
  const names = ['example.com', 'x.wild.example.com', 'mail.example.com', 'alias.example.com'];
  const answers = (): unknown => [
    names.map((name) => fixture.ask(name)),
    fixture.ask('example.com', 'MX'),
    fixture.ask('a.b.mail.example.com', 'TXT'),
    fixture.ask('b.mail.example.com', 'TXT'),
    fixture.ask('nothing.example.com'),
  ];
  const before = answers();
  for (const name of ['example.com', '*.wild.example.com', 'mail.example.com']) {
    fixture.must(adopt(name));
    t.same(answers(), before, name);
  }
  t.match(fixture.execute(hosts('example.com', { replace: true })), { code: 'apex_conflict' });
  for (const name of ['example.com', '*.wild.example.com', 'mail.example.com']) {
    fixture.must({ kind: 'service.delete', name, leave: 'green' });
    t.same(answers(), before, `${name} back`);
  }
});

t.test(
  'what no service can take the place of: glue, names below a DNAME, the zone’s nameserver as an alias',
  async (t) => {
    const fixture = zoned(
      t,
      put('sub.example.com', 'NS', 300, 'ns.sub.example.com.'),
      put('ns.sub.example.com', 'A', 300, '192.0.2.53'),
      put('ns1.example.com', 'A', 300, '192.0.2.1'),
    );
    t.match(fixture.execute(adopt('ns.sub.example.com')), { code: 'service_conflict', conflict: 'sub.example.com/NS' });
    t.match(fixture.execute(hosts('ns1.example.com', { replace: true })), { code: 'service_conflict' });
    fixture.must(adopt('ns1.example.com'));
    t.same(fixture.ask('ns1.example.com'), ['192.0.2.1']);
    t.match(fixture.execute(adopt('none.example.com')), { code: 'body_invalid', pointer: '/pools' });
    t.match(fixture.execute(adopt('www.example.org')), { code: 'name_outside_zones' });
  },
);

t.test('records that moved on since they were looked at are not replaced', async (t) => {
  const fixture = zoned(t, put(live, 'A', 300, '192.0.2.1'), put(live, 'AAAA', 300, '2001:db8::1'));
  const revisions = () =>
    Object.fromEntries(
      fixture.store.rrsetsAt('example.com', live).map(({ type, revision }) => [type === 1 ? 'A' : 'AAAA', revision]),
    );
  const seen = revisions();
  fixture.must({ kind: 'rrset.delete', zone: 'example.com', name: live, type: 'AAAA' });
  t.match(fixture.execute(adopt(live, { replace: seen })), { code: 'revision_stale', pointer: '/replace' });
  fixture.must(put(live, 'A', 300, '192.0.2.9'));
  t.equal(fixture.code(adopt(live, { replace: { A: seen.A } })), 'revision_stale');
  t.equal(fixture.code(adopt(live, { replace: revisions() })), 'none');
  t.equal(fixture.code(adopt(live, { replace: revisions() })), 'none', 'said again, with nothing to replace');
  t.equal(fixture.code(adopt(live, { replace: seen })), 'revision_stale');
});

t.test('who may write the service only, or the zone only by name, does not replace records', async (t) => {
  const fixture = zoned(t, put(live, 'A', 300, '192.0.2.1'));
  const limits = (services: string[], zones: string[]) => ({ limits: { services, zones } });
  t.equal(fixture.code(adopt(live), limits([live, `*.${live}`], [])), 'token_forbidden');
  t.same(fixture.ask(live), ['192.0.2.1']);
  t.equal(fixture.code(adopt(live), limits([], ['example.com'])), 'none');
  const leave: Command = { kind: 'service.delete', name: live, leave: 'blue' };
  t.equal(fixture.code(leave, limits([live, `*.${live}`], [])), 'token_forbidden');
  t.equal(fixture.code({ ...leave, leave: 'red' }), 'pool_unknown');
  t.equal(fixture.code(leave, limits([], ['example.com'])), 'none');
});

t.test('caches hold the records that went, and the drain report counts on it, after a restart too', async (t) => {
  const folder = temporaryFolder(t);
  const first = makeEngine(t, { folder });
  first.must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
  first.must(put(live, 'A', 3600, '192.0.2.10'));
  first.must({ kind: 'service.put', name: live, body: { ...bluegreen(1, 0), ttlSeconds: 5, replace: true } });
  first.must({ kind: 'weights.put', name: live, weights: { blue: 0, green: 1 } }, { atMs: NOON_MS + 1000 });
  const drained = (fixture: EngineFixture, seconds: number, startedAtMs = NOON_MS) => {
    const { store, table } = fixture;
    const reports = new DrainReports({ store, table, propagation: new Propagation([]), startedAtMs });
    const report = reports.report(live, NOON_MS + seconds * 1000);
    if (report instanceof Problem) throw new Error(report.detail);
    const { pools, message } = drainReply(report);
    return { ...pools.blue, message };
  };
  t.match(drained(first, 3500), { drained: false, assumed: true, message: /answers that nobody counted/ });
  t.match(drained(first, 3600 + 10), { drained: true });
  first.close();
  const second = makeEngine(t, { folder, atMs: NOON_MS + 60_000 });
  t.match(drained(second, 3500, NOON_MS + 60_000), { drained: false });
  t.match(drained(second, 3600 + 10, NOON_MS + 60_000), { drained: true });
});

t.test(
  'what a pool answered as addresses is counted on after it leads to host names, and the other way round',
  async (t) => {
    const fixture = zoned(t, { kind: 'service.put', name: live, body: bluegreen(100, 0, { ttlSeconds: 300 }) });
    const at = (seconds: number) => ({ atMs: NOON_MS + seconds * 1000 });
    const report = (seconds: number) => {
      const { store, table } = fixture;
      const reports = new DrainReports({ store, table, propagation: new Propagation([]), startedAtMs: NOON_MS });
      const found = reports.report(live, at(seconds).atMs);
      if (found instanceof Problem) throw new Error(found.detail);
      return drainReply(found).pools;
    };
    fixture.ask(live, 'A', at(1));
    fixture.must({ kind: 'weights.put', name: live, weights: { blue: 0, green: 100 } }, at(2));
    fixture.must(
      hosts(live, {
        ttlSeconds: 5,
        pools: { blue: { targets: ['lb-1.example.net'] }, green: { targets: ['lb-2.example.net'] } },
      }),
      at(3),
    );
    t.same(fixture.ask(live, 'A', at(4)), ['lb-2.example.net.']);
    t.match(report(200), {
      blue: { drained: false, assumed: false, answers: 1, lastTtlSeconds: 300 },
      green: { answers: 1 },
    });
    t.match(report(305), { blue: { drained: true } });
    fixture.must({ kind: 'weights.put', name: live, weights: { blue: 100, green: 0 } }, at(310));
    fixture.must(
      {
        kind: 'service.put',
        name: live,
        body: { ttlSeconds: 5, pools: { blue: { targets: ['192.0.2.10'] }, green: { targets: ['192.0.2.20'] } } },
      },
      at(311),
    );
    t.match(report(311), { green: { answers: 1, drained: true } });
  },
);

t.test('health checks follow the targets across a change of kind, and what was forced of a pool stays', async (t) => {
  const health = { tcp: { port: 443 }, intervalSeconds: 5 };
  const fixture = zoned(t, { kind: 'service.put', name: live, body: bluegreen(1, 1, { health }) });
  fixture.must({ kind: 'health.force', name: live, pool: 'blue', body: { state: 'down', forSeconds: 600 } } as Command);
  fixture.must({
    kind: 'health.force',
    name: live,
    pool: 'green',
    body: { state: 'up', target: '192.0.2.20', forSeconds: 600 },
  } as Command);
  fixture.must(hosts(live, { health }));
  const service = fixture.store.service(live);
  t.match(service, { kind: 'host', health: { tcp: { port: 443 } }, forced: [{ pool: 'blue', state: 'down' }] });
  t.equal(service?.forced?.length, 1, 'what was forced of a target that is gone is gone');
});

t.test('a table that is full refuses it, and the records answer on', async (t) => {
  const fixture = zoned(t, put(live, 'A', 300, '192.0.2.1'));
  const full = makeEngine(t, { tableMaxBytes: 128 * 1024 });
  full.must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
  full.must(put(live, 'A', 300, '192.0.2.1'));
  const large = Array.from({ length: 16 }, (_, i) => `"${i} ${'x'.repeat(240)}"`);
  for (const texts of [large, ['"small"']]) {
    for (let i = 0; full.code(put(`n${i}-${texts.length}.example.com`, 'TXT', 60, ...texts)) === 'none'; i++);
  }
  t.equal(full.code(adopt(live)), 'table_full');
  t.same(full.ask(live), ['192.0.2.1']);
  t.equal(full.store.service(live), undefined);
  t.equal(fixture.code(adopt(live)), 'none');
});

t.test('labels go along, and come back', async (t) => {
  const fixture = zoned(t);
  const body = { ttlSeconds: 60, rdata: ['192.0.2.1'], labels: { team: 'shop' } };
  fixture.must({ kind: 'rrset.put', zone: 'example.com', name: live, type: 'A', body });
  fixture.must(adopt(live, { pools: { blue: { weight: 1 }, green: { weight: 0, labels: { next: 'yes' } } } }));
  t.match(fixture.store.service(live), { labels: { team: 'shop' }, pools: [{}, { labels: { next: 'yes' } }] });
  fixture.must({ kind: 'service.delete', name: live, leave: 'blue' });
  t.match(fixture.store.rrset('example.com', live, 1), { labels: { team: 'shop' } });
  fixture.must(adopt(live, { labels: {} }));
  t.equal(fixture.store.service(live)?.labels, undefined, 'what is said is meant');
});
