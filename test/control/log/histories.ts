/** Random histories of commands of every kind, and what a store and a table hold after them. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import type { Command, CommandContext } from '../../../src/control/commands/command.ts';
import { Builder } from '../../../src/control/zone-files/builder.ts';
import type { ModelChange } from '../../../src/model/revision.ts';
import { Staging } from '../../../src/store/staging.ts';
import { Arena } from '../../../src/table/memory.ts';
import { storedRRsets } from '../../fixtures/blocks.ts';
import { buildQuery, decode } from '../../fixtures/dns-client.ts';
import { bluegreen, type EngineFixture, NOON_MS } from '../../fixtures/engine.ts';
import { askBytes } from '../../fixtures/table.ts';
import { agreement, agreements, proposes, releaseBody, wantsApproval } from './agreement-moves.ts';
import { dnssec, keyOf } from './signing-moves.ts';

const zones = ['example.com', 'sub.example.com', 'other.test'];
const services = ['app.example.com', 'api.example.com', 'www.sub.example.com', 'shop.other.test'];
/** The first stands in the files that are imported too. */
const owners = [
  'n0.example.com',
  'a.example.com',
  'b.example.com',
  '*.w.example.com',
  'a.sub.example.com',
  'a.other.test',
];
const tokens = ['ci', 'ops'];
const webhooks = ['one', 'two'];

/** A command as it is made when its turn comes: some name what is there by then. */
export type Move = (ledger: Ledger) => void;

export interface Ledger {
  readonly fixture: EngineFixture;
  make(move: Move): void;
  /** Executes it, whether it is refused or not. */
  execute(command: Command, more?: Partial<CommandContext>): void;
  /** Imports a zone file. */
  import(zone: string, text: string): void;
  /** Stages what an entry imports, as another node packed it. */
  stage(change: Extract<ModelChange, { op: 'importZone' }>, from: Ledger): void;
  close(): void;
}

export function makeLedger(fixture: EngineFixture): Ledger {
  const { store, engine } = fixture;
  const staging = new Staging(store.shared);
  const builder = new Builder(new Arena(fixture.table.shared, 1024), staging);
  let atMs = NOON_MS;
  let keys = 0;
  const ledger: Ledger = {
    fixture,
    make(move) {
      atMs += 1000;
      move(ledger);
    },
    execute(command, more = {}) {
      const idempotency = { key: `k${keys++ % 7}`, token: 'ci', bodyHash: JSON.stringify(command.kind) };
      const why = { reason: 'a test', links: ['https://ci.example/1'] };
      fixture.execute(command, { atMs, why, ...(keys % 3 === 0 && { idempotency }), ...more });
    },
    import(zone, text) {
      const request = { kind: 'build', nowSeconds: 0, zone, bytes: Buffer.from(text), blocks: [] } as const;
      const { built } = builder.build({ ...request, services: '', aliases: '' });
      if (built === undefined) return;
      if (built.staged !== undefined) engine.staged.put(zone, built.staged);
      ledger.execute({ kind: 'zone.import', zone, built, warnings: [], baseRevision: store.zone(zone)?.revision });
      // Where it was refused, what was staged for it is given up.
      const left = built.staged && engine.staged.take(zone, built.staged.content);
      if (left !== undefined) store.dropStaged(left);
    },
    stage({ zone, content }, from) {
      const packed = from.fixture.store.packedContent(content);
      if (packed === undefined) throw new Error(`the records of ${zone.name} are gone`);
      engine.staged.put(zone.name, builder.stagePacked(zone.name, packed));
    },
    close() {
      staging.close();
      fixture.close();
    },
  };
  return ledger;
}

/** The last release, in whatever state. */
const lastRelease = ({ fixture }: Pick<Ledger, 'fixture'>): string => fixture.store.releases(0, 1000).at(-1)?.id ?? '1';

const zone = fc.constantFrom(...zones);
const service = fc.constantFrom(...services);
const pool = fc.constantFrom('blue', 'green');
const weight = fc.integer({ min: 0, max: 3 });
const number = fc.integer({ min: 0, max: 5 });

const zoneBody = (n: number) => ({
  nameservers: [`ns${n}.test`],
  hostmaster: 'h.example.com',
  ttlSeconds: 60 + n,
  ...labelled(n),
});
/** Some have labels, some none, some say nothing of them. */
const labelled = (n: number) => (n % 3 === 0 ? {} : { labels: n % 3 === 1 ? { n: String(n) } : {} });
const zoneOf = (name: string): string =>
  zones.find((each) => each !== 'example.com' && name.endsWith(each)) ?? zones[0];
const texts = (n: number): string[] =>
  Array.from({ length: (n % 3) + 1 }, (_, i) => `${`"${'x'.repeat(180)}" `.repeat(n)}"${i}"`);
const rrset = (name: string, n: number) => ({ zone: zoneOf(name), name, type: 'TXT', ttlSeconds: n, rdata: texts(n) });

/** A zone file; a large one is staged, a small one committed with its import. */
function zoneFile(zone: string, names: number): string {
  const records = Array.from({ length: names }, (_, i) => `n${i}.${zone}. 60 IN TXT "${i}" "${names}"`);
  return [`${zone}. 60 IN SOA ns1 h ${names} 3600 600 86400 60`, `${zone}. 60 IN NS ns1.test.`, ...records, ''].join(
    '\n',
  );
}

/** A history begins with zones and services, or most of what comes after would be of none, and refused. */
export const beginning: readonly Move[] = [
  ...zones.map((zone) => does({ kind: 'zone.put', zone, body: zoneBody(1) })),
  ...services.map((name) => does({ kind: 'service.put', name, body: bluegreen(1, 0) })),
];

/** How each kind of command is made; one that is new does not compile until it is here. */
const kinds: { readonly [Kind in Command['kind']]: fc.Arbitrary<Move> } = {
  'zone.put': fc
    .record({ zone, number })
    .map(({ zone, number }) => does({ kind: 'zone.put', zone, body: zoneBody(number) })),
  'zone.import': fc
    .record({ zone, names: fc.oneof({ weight: 9, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.constant(600) }) })
    .map(
      ({ zone, names }) =>
        (ledger) =>
          ledger.import(zone, zoneFile(zone, names)),
    ),
  'zone.delete': zone.map((zone) => does({ kind: 'zone.delete', zone, withServices: true })),
  'records.change': fc
    .array(fc.record({ name: fc.constantFrom(...owners), number }), { minLength: 1, maxLength: 3 })
    .map((some) =>
      does({
        kind: 'records.change',
        zone: zones[0],
        changes: some.map(({ name, number }) => ({
          put: {
            name,
            type: 'TXT',
            ttlSeconds: number,
            rdata: texts(number),
            ...(number % 3 === 1 && { written: texts(number).map((text) => `${text} `) }),
          },
        })),
        ...((some[0]?.number ?? 0) % 2 === 1 && { apex: { refreshSeconds: some.length } }),
      } as never),
    ),
  'rrset.put': fc.record({ name: fc.constantFrom(...owners), number }).map(({ name, number }) => {
    const { ttlSeconds, rdata, ...place } = rrset(name, number);
    return does({ kind: 'rrset.put', ...place, body: { ttlSeconds, rdata, ...labelled(number) } });
  }),
  'rrset.delete': fc
    .constantFrom(...owners)
    .map((name) => does({ kind: 'rrset.delete', zone: zoneOf(name), name, type: 'TXT' })),
  'service.put': fc.record({ service, weight, number }).map(({ service, weight, number }) =>
    does({
      kind: 'service.put',
      name: service,
      body: bluegreen(weight, 1, {
        ttlSeconds: number + 1,
        pick: number === 5 ? 'sticky' : 'random',
        ...(number === 4 && { approval: 'required' }),
        ...labelled(number),
      }) as never,
    }),
  ),
  'service.delete': service.map((name) => does({ kind: 'service.delete', name })),
  'weights.put': fc
    .record({ service, blue: weight, green: weight })
    .map(({ service, ...weights }) => does({ kind: 'weights.put', name: service, weights })),
  shift: fc
    .record({ one: service, other: service, blue: weight, green: weight })
    .map(({ one, other, ...weights }) => does({ kind: 'shift', services: { [one]: weights, [other]: weights } })),
  rollback: service.map((name) => does({ kind: 'rollback', name })),
  'webhook.put': fc.record({ name: fc.constantFrom(...webhooks), number }).map(({ name, number }) =>
    does({
      kind: 'webhook.put',
      name,
      body: { url: `https://h${number}.example/`, triggers: ['on-release-started'] },
      freshSecret: `whsec_${number}`,
    }),
  ),
  'webhook.delete': fc.constantFrom(...webhooks).map((name) => does({ kind: 'webhook.delete', name })),
  'token.create': fc.record({ name: fc.constantFrom(...tokens), number }).map(({ name, number }) =>
    does({
      kind: 'token.create',
      body: { name, scope: 'read' },
      digest: new Uint8Array(32).fill(number + name.length),
    }),
  ),
  'token.delete': fc.constantFrom(...tokens).map((name) => does({ kind: 'token.delete', name, settingsAdmin: true })),
  ...agreement(lastRelease),
  'health.force': fc
    .record({ service, pool, state: fc.constantFrom('up' as const, 'down' as const) })
    .map(({ service, pool, state }) => does({ kind: 'health.force', name: service, pool, body: { state } })),
  'health.unforce': fc
    .record({ service, pool })
    .map(({ service, pool }) => does({ kind: 'health.unforce', name: service, pool })),
  'health.expire': service.map((name) => (ledger) => {
    const forced = ledger.fixture.store.service(name)?.forced ?? [];
    ledger.execute({ kind: 'health.expire', name, revisions: forced.map(({ revision }) => revision) });
  }),
  'release.create': fc.record({ one: service, number }).map(({ one, number }) =>
    does({
      kind: 'release.create',
      services: [one],
      body: releaseBody(number) as never,
      dryRun: false,
      single: true,
    }),
  ),
  ...dnssec(zone, number),
  'release.step': fc.constant((ledger) => {
    const id = lastRelease(ledger);
    const revision = ledger.fixture.store.release(id)?.revision ?? 0;
    const verdict = { outcome: 'passed', message: 'fine' } as never;
    ledger.execute({ kind: 'release.step', id, revision, verdict });
  }),
  'release.promote': fc
    .boolean()
    .map((full) => (ledger) => ledger.execute({ kind: 'release.promote', id: lastRelease(ledger), full })),
  ...verbs('release.pause', 'release.resume', 'release.abort', 'release.retry'),
};

type Verb = 'release.pause' | 'release.resume' | 'release.abort' | 'release.retry';

function verbs(...names: Verb[]): Record<Verb, fc.Arbitrary<Move>> {
  const move = (kind: Verb): fc.Arbitrary<Move> =>
    fc.constant((ledger) => ledger.execute({ kind, id: lastRelease(ledger) }));
  return Object.fromEntries(names.map((kind) => [kind, move(kind)])) as Record<Verb, fc.Arbitrary<Move>>;
}

function does(command: Command): Move {
  return (ledger) => ledger.execute(command);
}

/** Most are refused in a zone or a service that is not there: what makes them comes more often. */
const makers = [
  'dnssec.sign',
  'dnssec.step',
  'zone.put',
  'zone.import',
  'service.put',
  'release.create',
  'rrset.put',
  'records.change',
];

export const moves: fc.Arbitrary<Move> = fc.oneof(
  ...Object.entries(kinds).map(([kind, arbitrary]) => ({ weight: makers.includes(kind) ? 4 : 1, arbitrary })),
  { weight: 4, arbitrary: fc.constant(wantsApproval) },
);

/** A history in which every kind of change is, and which shows each of them at its end. */
export const everything: readonly Move[] = [
  does({ kind: 'zone.put', zone: 'example.com', body: zoneBody(1) }),
  does({ kind: 'zone.put', zone: 'gone.test', body: zoneBody(1) }),
  (ledger) => ledger.import('other.test', zoneFile('other.test', 3)),
  does({ kind: 'service.put', name: 'app.example.com', body: bluegreen(1, 0) }),
  does({ kind: 'service.put', name: 'api.example.com', body: bluegreen(1, 0) }),
  ...['a.example.com', 'b.example.com'].map((name) =>
    does({ kind: 'rrset.put', zone: 'example.com', name, type: 'TXT', body: { ttlSeconds: 1, rdata: ['"x"'] } }),
  ),
  ...tokens.map((name, i) =>
    does({ kind: 'token.create', body: { name, scope: 'read' }, digest: new Uint8Array(32).fill(i) }),
  ),
  ...webhooks.map((name) =>
    does({
      kind: 'webhook.put',
      name,
      body: { url: 'https://h.example/', triggers: ['on-release-started'] },
      freshSecret: 'whsec_x',
    }),
  ),
  does({
    kind: 'release.create',
    services: ['app.example.com'],
    body: releaseBody(0) as never,
    dryRun: false,
    single: true,
  }),
  does({ kind: 'service.delete', name: 'api.example.com' }),
  does({ kind: 'rrset.delete', zone: 'example.com', name: 'b.example.com', type: 'TXT' }),
  does({ kind: 'token.delete', name: 'ops', settingsAdmin: true }),
  does({ kind: 'webhook.delete', name: 'two' }),
  ...agreements.map(does),
  proposes,
  ...['example.com', 'other.test'].map((zone, i) =>
    does({ kind: 'dnssec.sign', zone, body: {}, key: keyOf(i), isGiven: false }),
  ),
  does({ kind: 'dnssec.unsign', zone: 'other.test', force: true }),
  does({ kind: 'zone.delete', zone: 'gone.test', withServices: false }),
];

/** Tables that hold nothing of the log: what is local to a process or a file, and what waits to be sent. */
const local = ['probe', 'unused', 'deliveries', 'delivery_cursor', 'contents', 'sqlite_sequence'];

/** What stands in one or the other is the same to whoever reads it. */
const records = ['rrsets', 'blocks'];

/** Every row that the log decides, by its table, without numbers that are local to a file. */
export function rowsOf({ fixture }: Ledger): Record<string, unknown[]> {
  const database = new Sqlite(join(fixture.folder, 'teal.db'), { readonly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[];
    const rows = tables
      .filter((table) => !local.includes(table) && !records.includes(table))
      .map((table) => {
        const found = database.prepare(queries[table] ?? `SELECT * FROM ${table}`).all() as Record<string, unknown>[];
        const plain = found.map(({ content: _, id, ...row }) => (table === 'texts' ? row : { id, ...row }));
        return [table, plain.map((row) => JSON.stringify(row)).sort()] as const;
      });
    return { ...Object.fromEntries(rows), rrsets: storedRRsets(database) };
  } finally {
    database.close();
  }
}

/** Rows of contents that no zone has, and records of an import that was refused, are swept some time. */
const queries: Readonly<Record<string, string>> = {
  packed: 'SELECT * FROM packed WHERE revision > 0',
  packed_chunks: 'SELECT * FROM packed_chunks WHERE hash IN (SELECT hash FROM packed WHERE revision > 0)',
};

/** What the table answers, each several times: all draw the same numbers. */
export function answersOf({ fixture }: Ledger): string[] {
  const responder = fixture.makeResponder();
  const names = [...zones, ...services, ...owners, 'gone.test', 'n0.other.test', 'n599.other.test', 'x.w.example.com'];
  return names.flatMap((name) =>
    ['A', 'TXT', 'SOA'].flatMap((type) =>
      Array.from({ length: 5 }, () => {
        const query = buildQuery({ name, type });
        const { rcode, answers, authority } = decode(askBytes(responder, query, true) as Buffer);
        return JSON.stringify([name, type, rcode, answers, authority]);
      }),
    ),
  );
}
