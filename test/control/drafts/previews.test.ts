/** Preview names: they answer from one pool, give way to what was there first, and are not taken by what comes later. */
import type { Buffer } from 'node:buffer';
import t from 'tap';
import { Problem } from '../../../src/model/errors.ts';
import { buildQuery, decode } from '../../fixtures/dns-client.ts';
import { bluegreen, type EngineFixture, makeEngine, zoneBody } from '../../fixtures/engine.ts';
import { askBytes } from '../../fixtures/table.ts';

const NXDOMAIN = 3;
const zone = 'example.com';
const app = 'app.example.com';
const green = 'green.app.example.com';

function start(t: Parameters<typeof makeEngine>[0], more: object = {}): EngineFixture {
  const fixture = makeEngine(t);
  fixture.must({ kind: 'zone.put', zone, body: zoneBody });
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(100, 0, more) });
  return fixture;
}

const put = (name: string, type: string, ...rdata: string[]) =>
  ({ kind: 'rrset.put', zone, name, type, body: { ttlSeconds: 60, rdata } }) as const;
const remove = (name: string, type: string) => ({ kind: 'rrset.delete', zone, name, type }) as const;

t.test('each pool has a name that answers from it, whatever the weights and pins', async (t) => {
  const fixture = start(t, { pick: 'sticky', pins: [{ network: '127.0.0.0/8', pool: 'blue' }] });
  t.same(fixture.ask(green), ['192.0.2.20']);
  t.same(fixture.ask(`blue.${app}`), ['192.0.2.10']);
  t.same(fixture.ask(green, 'TXT'), []);
  t.equal(fixture.ask(`red.${app}`), NXDOMAIN);
  t.equal(fixture.ask(`www.${green}`), NXDOMAIN, 'nothing is below it (RFC 8020)');
  t.equal(fixture.ttl(green), 5);
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 0, green: 1 } });
  t.same(fixture.ask(`blue.${app}`), ['192.0.2.10']);
  t.match(
    fixture.table.observed.poolCounts(app),
    { blue: { answers: 0 }, green: { answers: 0 } },
    'they are not counted as its answers',
  );
});

t.test('a denial at a preview name lives no longer than the TTL of the service', async (t) => {
  const fixture = start(t, { ttlSeconds: 7 });
  for (const type of ['AAAA', 'TXT']) {
    const reply = decode(askBytes(fixture.responder, buildQuery({ name: green, type })) as Buffer);
    t.match(reply, { rcode: 0, answers: { length: 0 }, authority: [{ type: 6, ttl: 7 }] }, type);
  }
});

t.test('previews come and go with pools, targets, TTLs and the service', async (t) => {
  const fixture = start(t);
  const pools = { ...bluegreen(1, 0).pools, red: { weight: 0, targets: ['192.0.2.30', '2001:db8::30'] } };
  fixture.must({ kind: 'service.put', name: app, body: { pools, ttlSeconds: 9 } });
  t.same(fixture.ask(`red.${app}`, 'AAAA'), ['2001:db8::30']);
  t.equal(fixture.ttl(green), 9);
  const moved = { ...pools, green: { weight: 0, targets: ['192.0.2.99'] } };
  fixture.must({ kind: 'service.put', name: app, body: { pools: moved } });
  t.same(fixture.ask(green), ['192.0.2.99']);
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(1, 0) });
  t.equal(fixture.ask(`red.${app}`), NXDOMAIN);
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(1, 0, { previewNames: false }) });
  t.equal(fixture.ask(green), NXDOMAIN);
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(1, 0) });
  t.same(fixture.ask(green), ['192.0.2.20'], 'they are there unless they are given up');
  fixture.must({ kind: 'service.delete', name: app });
  t.equal(fixture.ask(green), NXDOMAIN);
  t.equal(fixture.ask(app), NXDOMAIN, 'nothing is left that would make the name exist');
});

t.test('a record or service that was there first stays; once it goes, the preview answers', async (t) => {
  const fixture = makeEngine(t);
  fixture.must({ kind: 'zone.put', zone, body: zoneBody });
  fixture.must(put(green, 'TXT', '"first"'));
  fixture.must({ kind: 'service.put', name: `blue.${app}`, body: bluegreen(0, 1) });
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(1, 0) });
  t.same(fixture.ask(green), []);
  t.same(fixture.ask(green, 'TXT'), ['"first"']);
  t.same(fixture.ask(`blue.${app}`), ['192.0.2.20'], 'the service of that name');
  fixture.must(put(green, 'A', '192.0.2.77'));
  t.same(fixture.ask(green), ['192.0.2.77'], 'a name with records takes more of them');
  fixture.must(remove(green, 'A'));
  fixture.must(remove(green, 'TXT'));
  t.same(fixture.ask(green), ['192.0.2.20']);
  fixture.must({ kind: 'service.delete', name: `blue.${app}` });
  t.same(fixture.ask(`blue.${app}`), ['192.0.2.10']);
});

t.test('what comes later is refused with the name of the service', async (t) => {
  const fixture = start(t);
  const later = [
    put(green, 'A', '192.0.2.77'),
    put(green, 'TXT', '"later"'),
    put(green, 'CNAME', 'www.example.com.'),
    put(green, 'NS', 'ns1.example.com.'),
    { kind: 'service.put', name: green, body: bluegreen(1, 1) },
    { kind: 'zone.put', zone: green, body: zoneBody },
  ] as const;
  for (const command of later) {
    const problem = fixture.execute(command);
    t.match(problem, { code: 'service_conflict', conflict: app }, JSON.stringify(command));
    t.match(problem, { detail: /the pool green of the service app\.example\.com; with "previewNames": false/ });
    t.ok(problem instanceof Problem);
  }
  t.same(fixture.ask(green), ['192.0.2.20']);
  fixture.must(put(`_acme-challenge.${green}`, 'TXT', '"below it"'));
  t.same(fixture.ask(`_acme-challenge.${green}`, 'TXT'), ['"below it"']);
  t.same(fixture.ask(green), ['192.0.2.20'], 'a name with others below it is a preview all the same');
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(100, 0, { previewNames: false }) });
  t.same(fixture.ask(green), [], 'an empty non-terminal');
  fixture.must(put(green, 'A', '192.0.2.77'));
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(100, 0) });
  t.same(fixture.ask(green), ['192.0.2.77']);
});

t.test('a preview comes before a wildcard that would answer for its name', async (t) => {
  const fixture = start(t);
  fixture.must(put(`*.${app}`, 'A', '192.0.2.66'));
  t.same(fixture.ask(`other.${app}`), ['192.0.2.66']);
  t.same(fixture.ask(green), ['192.0.2.20']);
  t.same(fixture.ask(`x.${green}`), NXDOMAIN, 'the wildcard does not reach below a name that exists (RFC 4592 §2.2.2)');
  fixture.must({ kind: 'service.put', name: `*.wild.${zone}`, body: bluegreen(1, 0) });
  t.same(fixture.ask(`green.q.wild.${zone}`), ['192.0.2.10'], 'a wildcard has no previews');
});

t.test('services of host names: CNAMEs, but none to itself', async (t) => {
  const fixture = makeEngine(t);
  fixture.must({ kind: 'zone.put', zone, body: zoneBody });
  const pool = (weight: number, target: string) => ({ weight, targets: [target] });
  const pools = { blue: pool(1, 'blue.app.example.com'), green: pool(0, 'green.elsewhere.example') };
  fixture.must({ kind: 'service.put', name: app, body: { pools } });
  t.same(fixture.ask(green, 'CNAME'), ['green.elsewhere.example.']);
  t.same(fixture.ask(green), ['green.elsewhere.example.']);
  t.equal(fixture.ask(`blue.${app}`), NXDOMAIN, 'a pool leads there');
  fixture.must(put(`blue.${app}`, 'A', '192.0.2.10'));
  t.same(fixture.ask(app).valueOf(), ['192.0.2.10', 'blue.app.example.com.']);
  const within = { ...pools, green: pool(0, 'www.example.com') };
  fixture.must({ kind: 'service.put', name: app, body: { pools: within } });
  t.same(fixture.ask(green, 'CNAME'), ['www.example.com.']);
  fixture.must({ kind: 'service.delete', name: app });
  t.equal(fixture.ask(green), NXDOMAIN);
});

t.test('a child zone takes the previews with their service, and over a name that is none of them', async (t) => {
  const fixture = start(t);
  fixture.must({ kind: 'zone.put', zone: app, body: zoneBody });
  t.same(fixture.ask(green), ['192.0.2.20']);
  t.equal(fixture.store.service(app)?.zone, app);
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(1, 0, { previewNames: false }) });
  fixture.must({ kind: 'zone.put', zone: green, body: zoneBody });
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(1, 0) });
  t.same(fixture.ask(green), [], 'the zone was there first');
  fixture.must({
    kind: 'rrset.put',
    zone: green,
    name: green,
    type: 'A',
    body: { ttlSeconds: 5, rdata: ['192.0.2.77'] },
  });
  t.same(fixture.ask(green), ['192.0.2.77']);
  fixture.must({
    kind: 'rrset.put',
    zone: app,
    name: green,
    type: 'NS',
    body: { ttlSeconds: 5, rdata: ['ns1.example.com.'] },
  });
  fixture.must({ kind: 'rrset.delete', zone: app, name: green, type: 'NS' });
  fixture.must({ kind: 'zone.delete', zone: green, withServices: false });
  t.same(fixture.ask(green), ['192.0.2.20'], 'and has gone');
  fixture.must({ kind: 'zone.delete', zone: app, withServices: true });
  t.equal(fixture.ask(green), NXDOMAIN);
});

t.test('after a restart the previews answer as before', async (t) => {
  const first = start(t);
  first.must({ kind: 'service.put', name: 'api.example.com', body: bluegreen(1, 0, { previewNames: false }) });
  first.must(put('blue.api.example.com', 'A', '192.0.2.55'));
  first.must({ kind: 'service.put', name: 'api.example.com', body: bluegreen(1, 0) });
  first.close();
  const second = makeEngine(t, { folder: first.folder });
  t.same(second.ask(green), ['192.0.2.20']);
  t.same(second.ask('blue.api.example.com'), ['192.0.2.55']);
  t.same(second.ask('green.api.example.com'), ['192.0.2.20']);
});
