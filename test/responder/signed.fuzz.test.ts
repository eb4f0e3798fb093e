/**
 * Random changes of signed zones, and of such as are built aside meanwhile: what is answered after each validates, for readers
 * of before too, and nothing is left over.
 */
import fc from 'fast-check';
import t from 'tap';
import type { Service } from '../../src/model/service.ts';
import type { Zone } from '../../src/model/zone.ts';
import type { TableChange } from '../../src/table/changes.ts';
import { NO_SIGNERS } from '../../src/table/rrset-signer.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import { typeCode } from '../fixtures/dns-decode.ts';
import { isAtOrBelow } from '../fixtures/dnssec/bogus.ts';
import { readMessage } from '../fixtures/dnssec/message.ts';
import { TestSigner } from '../fixtures/dnssec/signer.ts';
import { type Trust, whyBogus } from '../fixtures/dnssec/validator.ts';
import { runs } from '../fixtures/runs.ts';
import { apply, askBytes, collectAll, makeTable, rrset, service, zone } from '../fixtures/table.ts';
import { Aside, type Content } from './built-aside.ts';

/** A parent and its child, both signed, and a zone that is not. */
const apexes = ['test', 'sub.test', 'plain'];
const owners = [
  ...[
    'test',
    'a.test',
    'b.a.test',
    'c.b.a.test',
    'd.c.b.a.test',
    '*.a.test',
    '*.test',
    'x.*.a.test',
    '-.test',
    'z.test',
  ],
  ...['sub.test', 'ns.sub.test', 'w.sub.test', '*.w.sub.test', 'e.test', 'f.e.test', 'blue.e.test', 'n.blue.e.test'],
  ...['plain', 'w.plain'],
];
const strangers = [
  '0.test',
  'zz.test',
  'n.a.test',
  'n.n.a.test',
  'n.d.c.b.a.test',
  'aa.b.a.test',
  'n.w.sub.test',
  'n.e.test',
];
const rdata: Readonly<Record<string, (n: number) => string[]>> = {
  A: (n) => Array.from({ length: 1 + (n % 3) }, (_, i) => `192.0.2.${i}`),
  AAAA: (n) => [`2001:db8::${1 + n}`],
  TXT: (n) => [`"${n}"`],
  MX: (n) => [`${n} A.test.`],
  NS: (n) => [`ns${n % 2}.sub.test.`],
  DS: (n) => [`${n} 13 2 ${'AB'.repeat(32)}`],
  CNAME: (n) => [`${['a', 'b.a', 'w.sub', 'e', 'nope'][n % 5]}.test.`],
  DNAME: (n) => [`${['e', 'w.sub', 'a'][n % 3]}.test.`],
};
const types = Object.keys(rdata);

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('rrset' as const),
      owner: fc.constantFrom(...owners),
      type: fc.constantFrom(...types, 'A', 'TXT', 'NS'),
      n: fc.integer({ min: 0, max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('service' as const),
      owner: fc.constantFrom('e.test', 'a.test', '*.test', 'w.sub.test', 'test', 'blue.e.test'),
      type: fc.constant(''),
      n: fc.integer({ min: 0, max: 9 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('zone' as const),
      owner: fc.constantFrom(...apexes, 'test'),
      type: fc.constant(''),
      n: fc.integer({ min: 0, max: 9 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function zoneOf(name: string, zones: Iterable<string>): string | undefined {
  const all = [...zones].filter((zone) => name === zone || name.endsWith(`.${zone}`));
  return all.sort((a, b) => b.length - a.length)[0];
}

type Kind = Service['kind'];
type Responder = ReturnType<typeof makeTable>['responder'];

/** Pools of which none, one or both lack a type; aliases; without preview names. */
function serviceOf(apex: string, owner: string, kind: Kind, n: number): TableChange {
  const more = { ttlSeconds: 5 + (n % 3), previewNames: n % 4 !== 3 };
  if (kind === 'host') {
    const green = n % 2 === 0 ? 'nope.test' : 'w.sub.test';
    return service(apex, owner, { blue: [1, 'a.test'], green: [1, green] }, { ...more, kind });
  }
  const green: [number, ...string[]] = n % 3 === 0 ? [1, '2001:db8::9'] : [n % 2, '203.0.113.1'];
  // As where every address of a kind is ill.
  const blue: [number, ...string[]] = n === 5 ? [1, '198.51.100.1'] : [1, '198.51.100.1', '2001:db8::8'];
  return service(apex, owner, { blue, green }, more);
}

/** What the control plane would let through, as changes of the table. */
class World {
  readonly zones = new Map<string, Content>();
  /** What services are made from. */
  readonly #made = new Map<string, number>();

  /** As it is now. */
  copy(): World {
    const copy = new World();
    for (const [name, n] of this.#made) copy.#made.set(name, n);
    for (const [name, { zone, rrsets, services }] of this.zones)
      copy.zones.set(name, { zone, rrsets: new Map(rrsets), services: new Map(services) });
    return copy;
  }

  change({ kind, owner, type, n }: Step): TableChange[] {
    if (kind === 'zone') return this.#zone(owner, n);
    const apex = zoneOf(owner, this.zones.keys());
    if (apex === undefined) return [];
    const { rrsets, services } = this.zones.get(apex) as Content;
    const types = [...rrsets.keys()]
      .filter((key) => key.startsWith(`${owner} `))
      .map((key) => key.split(' ')[1] as string);
    if (kind === 'service') {
      if (types.some((each) => ['A', 'AAAA', 'CNAME', 'DNAME', 'NS'].includes(each))) return [];
      const elsewhere = [...this.zones].some(([zone, model]) => zone !== apex && model.services.has(owner));
      if (elsewhere) return [];
      if (n === 0) return services.delete(owner) ? [{ op: 'deleteService', zone: apex, name: owner }] : [];
      // An alias has nothing beside it (RFC 1034 §3.6.2), and leads from no apex.
      const kind = n % 5 === 4 && owner !== apex && types.length === 0 ? 'host' : 'addresses';
      services.set(owner, kind);
      this.#made.set(owner, n);
      return [serviceOf(apex, owner, kind, n)];
    }
    if (owner === apex && ['NS', 'DS', 'CNAME'].includes(type)) return [];
    // What such a wildcard means is not said (RFC 4592 §4.2, RFC 6672 §3.3).
    if (owner.startsWith('*.') && ['NS', 'DS', 'DNAME'].includes(type)) return [];
    if (services.get(owner) === 'host') return [];
    if (services.has(owner) && !['TXT', 'MX'].includes(type)) return [];
    const others = types.filter((each) => each !== type);
    if (others.includes('CNAME') || (type === 'CNAME' && others.length > 0)) return [];
    if (type === 'DS' && !others.includes('NS')) return [];
    if (n === 0) {
      if (!rrsets.delete(`${owner} ${type}`)) return [];
      return [{ op: 'deleteRRset', zone: apex, name: owner, type: typeCode(type) }];
    }
    const put = rrset(apex, owner, type, 300, ...(rdata[type] as (n: number) => string[])(n));
    rrsets.set(`${owner} ${type}`, put.rrset);
    return [put];
  }

  #zone(owner: string, n: number): TableChange[] {
    if (n > 1) {
      const put = zone(owner, { serial: n, negativeTtlSeconds: n > 7 ? 30 : 60 }) as { op: 'putZone'; zone: Zone };
      const moves = this.zones.has(owner) ? [] : this.#taken(owner);
      const { rrsets = new Map(), services = new Map<string, Kind>(moves) } = this.zones.get(owner) ?? {};
      this.zones.set(owner, { zone: put.zone, rrsets, services });
      return [put, ...moves.map(([name, kind]) => serviceOf(owner, name, kind, this.#made.get(name) as number))];
    }
    return this.zones.delete(owner) ? [{ op: 'deleteZone', zone: owner }] : [];
  }

  /** The services that a new zone takes over from the one above. */
  #taken(owner: string): [string, Kind][] {
    const above = this.zones.get(zoneOf(owner, this.zones.keys()) ?? '');
    const taken = [...(above?.services ?? [])].filter(([name]) => name.endsWith(`.${owner}`));
    for (const [name] of taken) above?.services.delete(name);
    return taken;
  }
}

const signers = new Map(['test', 'sub.test'].map((zone) => [zone, new TestSigner(zone.split('.'))]));
const asked = ['A', 'AAAA', 'TXT', 'NS', 'DS', 'CNAME', 'NSEC', 'ANY'].map((type) => ({
  type,
  code: type === 'NSEC' ? 47 : typeCode(type),
}));
const questions = [...owners, ...strangers].flatMap((name) =>
  asked.map(({ type, code }) => ({ name, type, code, query: buildQuery({ name, type: code, edns: { do: true } }) })),
);

function trustOf(zones: ReadonlySet<string>): Trust {
  return {
    zones: new Map([...signers].map(([zone, { key }]) => [zone, key])),
    isInsecure: (labels) => {
      const signed = [...zones].filter((zone) => isAtOrBelow(labels, zone.split('.')));
      return !signers.has(signed.sort((a, b) => b.length - a.length)[0] ?? '');
    },
  };
}

const PARAM = { type: TYPE.NSEC3PARAM, ttlSeconds: 0, rdata: [Uint8Array.of(1, 0, 0, 0, 0)] };

function firstBogus(responder: Responder, zones: ReadonlySet<string>, few = 1): string | undefined {
  const trust = trustOf(zones);
  for (const [i, { name, type, code, query }] of questions.entries()) {
    if (i % few !== 0) continue;
    const message = readMessage(askBytes(responder, query, false) as Buffer);
    const why = whyBogus(message, name.split('.'), code, trust);
    if (why !== undefined) return `${name} ${type}: ${why}`;
  }
  return undefined;
}

const plainQuestions = [...owners, ...strangers].flatMap((name) =>
  types.map((type) => ({ name, type, query: buildQuery({ name, type }) })),
);

/** What is answered without signatures is answered the same by a table that has none, also what is drawn by chance. */
function firstOther(signed: Responder, unsigned: Responder): string | undefined {
  const other = plainQuestions.find(({ query }) => {
    const [got, wanted] = [signed, unsigned].map((responder) => askBytes(responder, query, false) as Buffer);
    return !got?.equals(wanted as Buffer);
  });
  return other && `${other.name} ${other.type} is answered otherwise by a table that is not signed`;
}

const round = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
  isKept: fc.integer({ min: 0, max: 4 }),
  /** Before the changes a zone is begun to be built aside; after them what was built takes its place. */
  begins: fc.option(fc.constantFrom('test', 'sub.test'), { freq: 2 }),
  swaps: fc.boolean(),
});

/** Which zones prove by NSEC3, from which round on: a zone that changes over is signed anew. */
const hashing = fc.record({ zones: fc.subarray(['test', 'sub.test']), from: fc.integer({ min: 0, max: 6 }) });

t.test('whatever changes together, and is taken back, all that is answered validates', async (t) => {
  const property = fc.property(fc.array(round, { minLength: 1, maxLength: 10 }), hashing, (rounds, hashing) => {
    const made = makeTable();
    let isHashing = hashing.from === 0;
    const isHashed = (zone: string): boolean => isHashing && hashing.zones.includes(zone);
    const markOf = (zone: string): string => (isHashed(zone) ? 'hashed' : 'plain');
    const apexOf = (zone: string) => (isHashed(zone) ? [PARAM] : []);
    made.table.signWith({ ...NO_SIGNERS, of: (zone) => signers.get(zone), isHashed, markOf, apexOf });
    const used = made.table.memory.usedBytes;
    const unsigned = makeTable();
    const plain = made.makeResponder();
    let world = new World();
    for (const step of ['test', 'sub.test', 'plain']) {
      const begin = world.change({ kind: 'zone', owner: step, type: '', n: 2 });
      apply(made.table, ...begin);
      apply(unsigned.table, ...begin);
    }
    let aside: Aside | undefined;
    for (const [at, { steps, isKept, begins, swaps }] of rounds.entries()) {
      if (at >= hashing.from) isHashing = true;
      const begun = begins === null ? undefined : world.zones.get(begins);
      if (aside === undefined && begun !== undefined)
        aside = new Aside(made, begun, signers.get(begun.zone.name), isHashed(begun.zone.name));
      const before = world.copy();
      const changes = steps.flatMap((step) => world.change(step));
      const problem = made.table.prepare(changes);
      if (problem !== undefined) throw new Error(problem.detail);
      // A reader of before goes on as before, whatever is prepared.
      const held = firstBogus(made.responder, new Set(before.zones.keys()), 5);
      if (held !== undefined) throw new Error(`before: ${held}`);
      if (isKept === 0) {
        made.table.takeBack();
        world = before;
      } else {
        made.table.publish();
        apply(unsigned.table, ...changes);
        if (aside?.follow(changes) === false) aside = void aside.discard();
      }
      if (steps.length % 2 === 0) aside?.link();
      const there = aside && world.zones.get(aside.zone.name);
      if (steps.length % 3 === 0 && there !== undefined) aside?.catchUp(there, 2);
      const now = aside && swaps ? world.zones.get(aside.zone.name) : undefined;
      if (aside !== undefined && now !== undefined) {
        if (now.zone.negativeTtlSeconds === aside.zone.negativeTtlSeconds) aside.swap(now);
        else aside.discard();
        aside = undefined;
      }
      const bogus = firstBogus(made.responder, new Set(world.zones.keys()));
      if (bogus !== undefined) throw new Error(bogus);
      const other = firstOther(plain, unsigned.responder);
      if (other !== undefined) throw new Error(other);
    }
    aside?.discard();
    if (made.table.followed > 0) throw new Error('something is followed that nobody builds');
    for (const name of world.zones.keys()) apply(made.table, { op: 'deleteZone', zone: name });
    collectAll(made.table);
    // The index of zones keeps what it has grown to.
    const left = made.table.memory.usedBytes - used;
    if (left > 256) throw new Error(`${left} bytes are left over`);
  });
  fc.assert(property, { numRuns: runs(8), endOnFailure: true });
  t.pass();
});
