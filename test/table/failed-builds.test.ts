/** A build for which the arena is full, at whichever block, leaves the arena as it was: nothing is lost, and nothing free twice. */
import fc from 'fast-check';
import t from 'tap';
import type { ZoneSigning } from '../../src/model/dnssec/signing.ts';
import { nameToWire } from '../../src/model/name.ts';
import type { StagedRRset } from '../../src/model/revision.ts';
import type { RRset } from '../../src/model/rrset.ts';
import type { StagedIndex, TableChange } from '../../src/table/changes.ts';
import { Dismantler } from '../../src/table/dismantle.ts';
import { Arena, ArenaFull, createSharedTable } from '../../src/table/memory.ts';
import { NAMES_ASIDE_MIN } from '../../src/table/names-aside.ts';
import { NO_SIGNERS, type RRsetSigner } from '../../src/table/rrset-signer.ts';
import { ZoneBuilder } from '../../src/table/zone-builder.ts';
import { ZoneLoader } from '../../src/table/zone-loader.ts';
import type { SealedService } from '../../src/table/zone-sealer.ts';
import type { ZoneWriter } from '../../src/table/zone-writer.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { nsec3ParamRdata, nsec3Rdata, nsecRdata } from '../../src/wire/dnssec/denial.ts';
import { parseRdata } from '../../src/wire/rdata.ts';
import { zone } from '../fixtures/blocks.ts';
import { packedPiece } from '../fixtures/packed.ts';
import { runs } from '../fixtures/runs.ts';
import { keyed } from '../fixtures/table.ts';

const APEX = 'example.test';
const apex = nameToWire(APEX);

/** An arena that is full once: at the block that is asked for after so many others. */
class FullOnce extends Arena {
  left = Number.POSITIVE_INFINITY;

  override allocate(words: number): number {
    return this.left-- === 0 ? 0 : super.allocate(words);
  }
}

/** RRSIG of an RRset of the type, as far as anybody looks at it here (RFC 4034 §3.1). */
function signatureOf(type: number): Uint8Array {
  return Uint8Array.of(type >> 8, type, 13, 2, ...new Array(14).fill(0), ...apex, ...new Array(64).fill(7));
}

const signer: RRsetSigner = { sign: (_owner, type) => [signatureOf(type)] };

function rrset(name: string, type: number, ...rdata: Uint8Array[]): StagedRRset {
  return { name, type, ttlSeconds: 60, rdata };
}

function parsed(type: number, text: string): Uint8Array {
  return parseRdata(type, text) as Uint8Array;
}

const labels = ['', 'a.', 'b.', 'a.b.', '*.b.', 'c.d.e.', 'f.', 'g.', 'ns.f.'];
const values = [
  [TYPE.A, '192.0.2.1'],
  [TYPE.AAAA, '2001:db8::1'],
  [TYPE.TXT, `"${'long '.repeat(20)}"`],
  [TYPE.MX, '10 a.example.test.'],
  [TYPE.NS, 'ns.f.example.test.'],
  [TYPE.DNAME, 'elsewhere.test.'],
] as const;

/** Some of them twice, so that one replaces the other. */
const zones = fc.array(fc.tuple(fc.constantFrom(...labels), fc.constantFrom(...values)), { maxLength: 12 });

function rrsetsOf(drawn: readonly (readonly [string, (typeof values)[number]])[]): StagedRRset[] {
  const soa = parsed(TYPE.SOA, 'ns.example.test. host.example.test. 1 2 3 4 5');
  const own = drawn.map(([label, [type, text]]) => rrset(`${label}${APEX}`, type, parsed(type, text)));
  const inOrder = (a: StagedRRset, b: StagedRRset): number =>
    Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || a.type - b.type;
  return [rrset(APEX, TYPE.SOA, soa), ...own].sort(inOrder);
}

/** The zone with signatures of its own, by NSEC or NSEC3. */
function brought(rrsets: readonly StagedRRset[], isHashed: boolean): StagedRRset[] {
  const names = [...new Set(rrsets.map(({ name }) => name))];
  return [
    ...rrsets,
    ...(isHashed ? [rrset(APEX, TYPE.NSEC3PARAM, nsec3ParamRdata())] : []),
    ...names.flatMap((name, i) => {
      const types = rrsets.filter((each) => each.name === name).map(({ type }) => type);
      const signed = [...types, ...(isHashed ? [] : [TYPE.NSEC])];
      const signatures = rrset(name, TYPE.RRSIG, ...signed.map(signatureOf));
      if (!isHashed) return [signatures, rrset(name, TYPE.NSEC, nsecRdata(apex, types))];
      const hashed = `${String(i).padStart(32, '0')}.${APEX}`;
      const nsec3 = rrset(hashed, TYPE.NSEC3, nsec3Rdata(new Uint8Array(20), types));
      return [signatures, nsec3, rrset(hashed, TYPE.RRSIG, signatureOf(TYPE.NSEC3))];
    }),
  ];
}

const services: SealedService[] = ['app', 'x.y'].map((label) => ({
  owner: nameToWire(`${label}.${APEX}`),
  isPreview: false,
  pools: [[TYPE.A], [TYPE.A, TYPE.AAAA]],
  ttlSeconds: 5,
}));

type Build = (arena: Arena, begun: (builder: ZoneBuilder) => void, rrsets: readonly StagedRRset[]) => number;

function putAll(builder: ZoneBuilder, rrsets: readonly StagedRRset[]): void {
  for (const { name, type, ttlSeconds, rdata } of rrsets) builder.put(nameToWire(name), type, ttlSeconds, rdata);
}

function sealed(isHashed: boolean): Build {
  return (arena, begun, rrsets) => {
    const builder = new ZoneBuilder(arena, APEX, 0, signer);
    begun(builder);
    putAll(builder, rrsets);
    if (isHashed) builder.put(apex, TYPE.NSEC3PARAM, 60, [nsec3ParamRdata()]);
    return builder.seal(apex, services);
  };
}

function finished(make: (rrsets: readonly StagedRRset[]) => readonly StagedRRset[], expected = 0): Build {
  return (arena, begun, rrsets) => {
    const builder = new ZoneBuilder(arena, APEX, 0, undefined, expected);
    begun(builder);
    if (expected === 0) putAll(builder, make(rrsets));
    else builder.putPacked(packedPiece(make(rrsets)));
    return builder.finish().order ?? 0;
  };
}

const builds: Readonly<Record<string, Build>> = {
  'from objects': finished((rrsets) => rrsets),
  'from packed form': finished((rrsets) => rrsets, 1),
  'from packed form, with names aside': finished((rrsets) => rrsets, NAMES_ASIDE_MIN),
  'that brings signatures and NSEC': finished((rrsets) => brought(rrsets, false)),
  'that brings signatures and NSEC3': finished((rrsets) => brought(rrsets, true)),
  'signed here, by NSEC': sealed(false),
  'signed here, by NSEC3': sealed(true),
};

/** Whether two free blocks have a word in common. */
function isAnyFreeTwice(arena: Arena): boolean {
  const lists = arena.lend();
  const blocks = lists.flatMap(({ size, offsets, count }) => {
    const own = Array.from(offsets.subarray(0, count));
    // The list without a size has starts and lengths of gaps.
    if (size > 0) return own.map((at) => ({ at, end: at + size }));
    return own.flatMap((at, i) => (i % 2 === 0 ? [{ at, end: at + own[i + 1] }] : []));
  });
  arena.absorb(lists);
  blocks.sort((a, b) => a.at - b.at);
  return blocks.some(({ at }, i) => i > 0 && at < blocks[i - 1].end);
}

for (const [what, build] of Object.entries(builds)) {
  t.test(`a zone ${what}`, async (t) => {
    let failed = 0;
    fc.assert(
      fc.property(zones, (drawn) => {
        const arena = keyed(new FullOnce(createSharedTable(2 ** 20, 2 ** 26)));
        const rrsets = rrsetsOf(drawn);
        for (let full = 0; ; full++) {
          const before = arena.usedBytes;
          let builder: ZoneBuilder | undefined;
          arena.left = full;
          let order: number | undefined;
          try {
            order = build(arena, (begun) => (builder = begun), rrsets);
          } catch (error) {
            if (!(error instanceof ArenaFull)) throw error;
            builder?.dismantle();
            failed++;
          }
          arena.left = Number.POSITIVE_INFINITY;
          if (order !== undefined) {
            const dismantler = new Dismantler(arena);
            dismantler.add((builder as ZoneBuilder).cell, order);
            while (dismantler.step(1000));
          }
          const lost = arena.usedBytes - before;
          if (lost !== 0 || isAnyFreeTwice(arena)) {
            throw new Error(`full at block ${full}: ${lost} bytes lost, twice free: ${isAnyFreeTwice(arena)}`);
          }
          if (order !== undefined) return;
        }
      }),
      { numRuns: runs(12) },
    );
    t.ok(failed > 12, 'builds came to nothing');
  });
}

t.test('a signed zone that the main thread builds is signed, or has no room: nobody sees it without', async (t) => {
  const shared = createSharedTable(2 ** 20, 2 ** 26);
  const arena = keyed(new FullOnce(shared));
  const dismantler = new Dismantler(arena);
  const dismantle = ({ index, order }: { index: number; order?: number }): void => {
    dismantler.add(index, order);
    while (dismantler.step(1000));
  };
  let signed = 0;
  const signers = {
    ...NO_SIGNERS,
    of: () => signer,
    markOf: () => 'a key',
    load: () => () => {},
    set: () => {
      signed++;
      return { undo: () => signed-- };
    },
  };
  const brought: (string | undefined)[] = [];
  const table = {
    shared,
    discard: dismantle,
    collect: () => false,
    prepare: ([change]: readonly TableChange[]) => {
      if (change?.op !== 'importZone') throw new Error('a zone is only brought in');
      brought.push(change.staged.signedBy);
      dismantle(change.staged);
      return undefined;
    },
    publish: () => {},
  };
  const loader = new ZoneLoader(arena, { signers } as unknown as ZoneWriter, table);
  const rrsets = rrsetsOf([['a.b.', values[0]]]).map((each) => ({ ...each, zone: APEX, revision: 1 }) as RRset);
  const own = { ...zone, name: APEX };
  const how = { signing: {} as ZoneSigning, services };

  let built: StagedIndex | undefined;
  let full = 0;
  for (; built === undefined; full++) {
    const before = arena.usedBytes;
    arena.left = full;
    built = loader.build(own, () => rrsets, how);
    arena.left = Number.POSITIVE_INFINITY;
    t.equal(signed, built === undefined ? 0 : 1, `full at block ${full}`);
    if (built !== undefined) dismantle(built);
    t.equal(arena.usedBytes, before);
    t.notOk(isAnyFreeTwice(arena));
  }
  t.equal(built.signedBy, 'a key', 'at a catch-up');

  for (let at = 0; at < full; at++) {
    signed = 0;
    arena.left = at;
    const loaded = loader.load(own, () => rrsets, how);
    arena.left = Number.POSITIVE_INFINITY;
    if (at < full - 1) t.match(loaded, { code: 'table_full' }, `at a start, full at block ${at}`);
    else t.equal(loaded, 'whole');
    t.equal(signed, at < full - 1 ? 0 : 1);
  }
  t.same(brought, ['a key']);
});
