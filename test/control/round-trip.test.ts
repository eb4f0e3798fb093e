/** What the API takes, an import of its own export takes: random histories come back as the same state and answers. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Command } from '../../src/control/commands/command.ts';
import { Builder } from '../../src/control/zone-files/builder.ts';
import { exportZone } from '../../src/control/zone-files/exporter.ts';
import type { Service } from '../../src/model/service.ts';
import { serviceBody } from '../../src/model/service.ts';
import { Staging } from '../../src/store/staging.ts';
import { ZoneReads } from '../../src/store/zone-reads.ts';
import { Arena } from '../../src/table/memory.ts';
import { parseType } from '../../src/wire/rdata.ts';
import { buildQuery, decode } from '../fixtures/dns-client.ts';
import { type EngineFixture, makeEngine } from '../fixtures/engine.ts';
import { runs } from '../fixtures/runs.ts';
import { askBytes } from '../fixtures/table.ts';
import { readSnapshot } from '../fixtures/zone-snapshot.ts';

const zones = ['example.com', 'sub.example.com', 'x.sub.example.com'];
const owners = [
  ...['example.com', 'a.example.com', 'A.Example.com', 'b.a.example.com', 'ns1.example.com', '*.w.example.com'],
  ...['y.w.example.com', 'd.example.com', 'z.d.example.com', 'sub.example.com', 'ns.sub.example.com'],
  ...['x.sub.example.com', 'deep.x.sub.example.com', 'blue.a.example.com', 'd\\.e.d.example.com'],
];
const hosts = [
  'a.example.com.',
  'NS1.example.com.',
  'ns.sub.example.com.',
  'y.w.example.com.',
  'z.d.example.com.',
  'Other.test.',
];

const name = fc.constantFrom(...owners);
/** A name, and a zone that may hold it. */
const place = name.chain((name) => {
  const holding = zones.filter((zone) => name.toLowerCase().endsWith(zone));
  return fc.record({ name: fc.constant(name), zone: fc.constantFrom(...holding) });
});
const host = fc.constantFrom(...hosts);
const texts = (one: fc.Arbitrary<string>, most = 3) => fc.uniqueArray(one, { minLength: 1, maxLength: most });
const number = fc.integer({ min: 0, max: 2 });

/** Types and what their records may say. */
const rdata: Readonly<Record<string, fc.Arbitrary<string[]>>> = {
  A: texts(number.map((n) => `192.0.2.${n}`)),
  AAAA: texts(number.map((n) => `2001:db8::${n}`)),
  TXT: texts(fc.string({ unit: 'grapheme-ascii', maxLength: 12 }).map((text) => JSON.stringify(text))),
  CNAME: texts(host, 1),
  DNAME: texts(host, 1),
  NS: texts(host),
  MX: texts(fc.tuple(number, host).map((parts) => parts.join(' '))),
  SRV: texts(fc.tuple(number, host).map(([n, target]) => `${n} 0 443 ${target}`)),
  PTR: texts(fc.constantFrom('P.test.', 'p.test.', 'p.TEST')),
  HTTPS: texts(fc.tuple(number, host).map(([n, target]) => `${n} ${target}`)),
  DS: texts(number.map((n) => `${n} 8 2 ${'ab'.repeat(32)}`)),
  CAA: texts(number.map((n) => `0 issue "ca${n}.test; a=\\"b\\""`)),
  NSEC: texts(fc.constant('b.example.com. A RRSIG NSEC'), 1),
  NSEC3: texts(fc.constant('1 0 0 aabb 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG'), 1),
  RRSIG: texts(
    fc
      .constantFrom('A', 'TXT', 'NSEC')
      .map((type) => `${type} 8 2 60 20300101000000 20200101000000 1 example.com. AAAA`),
  ),
  TYPE65280: texts(number.map((n) => `\\# 2 41${String(n).padStart(2, '0')}`)),
};

const zonePut: fc.Arbitrary<Command> = fc
  .record({ zone: fc.constantFrom(...zones), nameservers: fc.uniqueArray(host, { minLength: 1, maxLength: 3 }) })
  .map(({ zone, nameservers }) => ({
    kind: 'zone.put',
    zone,
    body: { nameservers, hostmaster: 'host\\.master.example.com', ttlSeconds: 60, nameserversTtlSeconds: 30 },
  }));

const rrsetPut: fc.Arbitrary<Command> = fc.constantFrom(...Object.keys(rdata)).chain((type) =>
  fc
    .record({
      place,
      rdata: rdata[type],
      ttls: fc.array(number, { minLength: 3, maxLength: 3 }),
    })
    .map(({ place, rdata, ttls }): Command => {
      const recordTtlSeconds = type === 'RRSIG' ? { recordTtlSeconds: ttls.slice(0, rdata.length) } : {};
      return {
        kind: 'rrset.put',
        ...place,
        type,
        body: { ttlSeconds: ttls[0], ...recordTtlSeconds, rdata },
      };
    }),
);

const servicePut: fc.Arbitrary<Command> = fc.record({ name, host: fc.boolean() }).map(({ name, host }) => {
  const targets = host ? [['blue.test'], ['green.test']] : [['192.0.2.10'], ['192.0.2.20', '2001:db8::20']];
  const [blue, green] = targets as [string[], string[]];
  return {
    kind: 'service.put',
    name,
    body: { pools: { blue: { weight: 1, targets: blue }, green: { weight: 0, targets: green } } },
  };
});

const history: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: rrsetPut },
    { weight: 3, arbitrary: servicePut },
    { weight: 2, arbitrary: zonePut },
    {
      weight: 2,
      arbitrary: fc
        .record({ place, type: fc.constantFrom(...Object.keys(rdata)) })
        .map(({ place, type }): Command => ({ kind: 'rrset.delete', ...place, type })),
    },
    { weight: 1, arbitrary: name.map((name): Command => ({ kind: 'service.delete', name })) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(...zones.slice(1))
        .map((zone): Command => ({ kind: 'zone.delete', zone, withServices: true })),
    },
  ),
  { minLength: 20, maxLength: 60 },
);

/** Imports and exports without a thread of their own. */
function filesOf(fixture: EngineFixture) {
  const staging = new Staging(fixture.store.shared);
  const reads = new ZoneReads(fixture.store.shared);
  const builder = new Builder(new Arena(fixture.table.shared, 1024), staging);
  return {
    close: () => staging.close(),
    read(zone: string): string {
      const snapshot = readSnapshot(reads, zone);
      if (snapshot === undefined) throw new Error(`no zone ${zone}`);
      return Buffer.concat(exportZone(snapshot)).toString();
    },
    send(zone: string, text: string) {
      const services = fixture.store.servicesIn(fixture.store.zoneOf(zone)?.name ?? zone);
      const aliases = services.filter(({ kind }) => kind === 'host').map(({ name }) => name);
      const names = services.map(({ name }) => name);
      const { built, findings } = builder.build({
        kind: 'build',
        nowSeconds: 0,
        zone,
        bytes: Buffer.from(text),
        services: names.join('\n'),
        aliases: aliases.join('\n'),
        blocks: [],
      });
      if (built === undefined) throw new Error(findings.errors.map(({ message }) => message).join('\n'));
      if (built.staged !== undefined) fixture.engine.staged.put(zone, built.staged);
      const baseRevision = fixture.store.zone(zone)?.revision;
      return fixture.must({ kind: 'zone.import', zone, built, warnings: findings.warnings, baseRevision });
    },
  };
}

const withoutSoa = (text: string) =>
  text
    .split('\n')
    .filter((line) => !/ SOA /.test(line))
    .join('\n');

function stateOf({ store }: EngineFixture) {
  const plain = store.allZones().map(({ revision: _, settingsRevision: __, serial: ___, ...zone }) => zone);
  const rrsets = plain.map(({ name }) => [...store.rrsetsOf(name)].map(({ revision: _, ...rrset }) => rrset));
  const services = store
    .services(undefined, 1000)
    .map((service) => ({ zone: service.zone, body: serviceBody(service) }));
  return { zones: plain, rrsets, services };
}

function answersOf({ responder }: EngineFixture): string[] {
  const more = ['nowhere.example.com', 'n.x.sub.example.com', 'q.w.example.com', 'green.a.example.com'];
  return [...owners, ...more].flatMap((name) =>
    Object.keys(rdata).map((type) => {
      const query = buildQuery({ name, type: parseType(type) as number });
      const { rcode, answers, authority, additional } = decode(askBytes(responder, query, false) as Buffer);
      const texts = [answers, authority.filter(({ type }) => type !== SOA), additional].map((records) =>
        records.map(({ name, type, ttl, data }) => `${name} ${ttl} ${type} ${data}`).sort(),
      );
      return JSON.stringify([name, type, rcode, texts]);
    }),
  );
}

const SOA = 6;

/** The longest first: a service at another's preview name stands there first. */
const longestFirst = (services: readonly Service[]) => [...services].sort((a, b) => b.name.length - a.name.length);

function comesBack(t: Test, commands: readonly Command[], reversed: boolean): void {
  const first = makeEngine(t);
  first.must({
    kind: 'zone.put',
    zone: 'example.com',
    body: { nameservers: ['ns1.example.com'], hostmaster: 'h.example.com' },
  });
  // One wait for the disk instead of sixty.
  first.store.allOrNothing(() => {
    for (const command of commands) first.execute(command);
    return undefined;
  });
  const second = makeEngine(t);
  const [from, to] = [filesOf(first), filesOf(second)];
  try {
    const names = first.store.allZones().map((zone) => zone.name);
    if (reversed) names.reverse();
    for (const zone of names) to.send(zone, from.read(zone));
    for (const service of longestFirst(first.store.services(undefined, 1000))) {
      second.must({ kind: 'service.put', name: service.name, body: serviceBody(service) });
    }
    const last = first.store.lastRevision;
    for (const zone of names) {
      if (withoutSoa(to.read(zone)) !== withoutSoa(from.read(zone)))
        throw new Error(`${to.read(zone)}\n--- was\n${from.read(zone)}`);
      from.send(zone, from.read(zone));
    }
    if (first.store.lastRevision !== last) throw new Error('the import of its own export changed something');
    const [was, is] = [stateOf(first), stateOf(second)];
    if (!isDeepStrictEqual(was, is)) throw new Error(`${JSON.stringify(is)}\n--- was\n${JSON.stringify(was)}`);
    const after = answersOf(second);
    const differ = answersOf(first).filter((answer, i) => answer !== after[i]);
    if (differ.length > 0) throw new Error(`answers that differ:\n${differ.join('\n')}`);
  } finally {
    from.close();
    to.close();
    first.close();
    second.close();
  }
}

// Each takes a tenth of a second; a busy machine may take long.
t.setTimeout(600_000);

t.test('random histories come back', async (t) => {
  fc.assert(
    fc.property(history, fc.boolean(), (commands, reversed) => comesBack(t, commands, reversed)),
    { numRuns: runs(25), endOnFailure: true },
  );
  t.pass('all of them');
});
