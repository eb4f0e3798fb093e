/** What is measured of signed zones: stages, waits for parents, what parents have, and what cannot be signed. */
import { Registry } from 'prom-client';
import t from 'tap';
import { type MeasuredSigners, signerMetrics, signingMetrics } from '../../src/metrics/dnssec.ts';
import { DS_SEEN, dsSeen, isDsWrong } from '../../src/model/dnssec/parent-says.ts';
import type { SigningStage, ZoneSigning } from '../../src/model/dnssec/signing.ts';
import type { Ds, ParentLook, ParentServer } from '../../src/model/dnssec/transition.ts';
import { parseMetrics } from '../fixtures/prometheus.ts';

const key = (tag: number, role: 'active' | 'incoming') => {
  const found = { tag, algorithm: 13, dnskey: 'AQEDDQ==', digest: `d${tag}` };
  return { ...found, id: String(tag), role, wrapped: '', madeAtMs: 0 };
};

function signing(zone: string, stage: SigningStage, more: Partial<ZoneSigning> = {}): ZoneSigning {
  const ttls = { dnskeyTtlSeconds: 1, maxTtlSeconds: 1, dsTtlSeconds: 1 };
  const how = { denial: 'nsec', zonemd: false, keys: [key(1, 'active')], foreign: [] } as const;
  return { zone, stage, sinceMs: 1000, ...how, ...ttls, revision: 1, ...more };
}

const ds = (tag: number): Ds => ({ tag, algorithm: 13, digestType: 2, digest: `d${tag}` });
const has = (...tags: number[]): ParentServer => ({ server: 'a', ds: tags.map(ds) });
const silent: ParentServer = { server: 'b', error: 'no answer' };
const look = (...servers: ParentServer[]): ParentLook => ({ atMs: 0, servers });

t.test('what a look at the parent comes to', async (t) => {
  const needed = signing('a.test', 'ds-needed');
  t.equal(dsSeen(needed, undefined), 'unknown');
  t.equal(dsSeen(needed, look()), 'unknown');
  t.equal(dsSeen(needed, look(silent)), 'unknown');
  t.equal(dsSeen(needed, look(has(), has())), 'none');
  t.equal(dsSeen(needed, look(has(1), has())), 'some');
  t.equal(dsSeen(needed, look(has(1), silent)), 'some', 'who is silent may have anything');
  t.equal(dsSeen(needed, look(has(1), has(7, 1))), 'all', 'a DS besides does no harm');
  t.equal(dsSeen(needed, look(has(1), has(7))), 'wrong');
  const rolling = signing('a.test', 'ds-needed', { keys: [key(1, 'active'), key(2, 'incoming')] });
  t.equal(dsSeen(rolling, look(has(1))), 'none', 'that of the old key leads on, and is not what is waited for');
  t.equal(dsSeen(rolling, look(has(2))), 'all');
  const removal = signing('a.test', 'ds-removal');
  t.equal(dsSeen(removal, look(has(1), has())), 'some');
  t.equal(dsSeen(removal, look(has())), 'none');
});

t.test('what wakes somebody: a DS that leads nowhere in any stage, and one that a finished zone lacks', async (t) => {
  for (const stage of ['signing', 'ds-needed', 'secure', 'ds-removal'] as const) {
    t.equal(isDsWrong(signing('a.test', stage), look(has(7))), true, stage);
    t.equal(isDsWrong(signing('a.test', stage), look(silent)), false, 'of who is silent nothing is known');
    t.equal(isDsWrong(signing('a.test', stage), look(has())), stage === 'secure', `${stage}, none there`);
  }
  t.equal(isDsWrong(signing('a.test', 'secure'), look(has(1), has(1))), false);
  t.equal(isDsWrong(signing('a.test', 'secure'), undefined), false);
});

t.test('the series', async (t) => {
  const signings = [signing('a.test', 'secure'), signing('b.test', 'ds-needed', { sinceMs: 5000 })];
  signings.push(signing('', 'ds-removal', { sinceMs: 7000 }));
  const looks: Record<string, ParentLook> = { 'a.test': look(has(7)), 'b.test': look(has(1)), '': look(has()) };
  const registry = new Registry();
  const store = { allSignings: () => [...signings] };
  const state = { next: undefined as number | undefined };
  const signers: MeasuredSigners = {
    lookOf: (zone) => looks[zone],
    nextExpiry: () => state.next,
    refusing: () => ({ locked: 2, clock: 3 }),
    signing: () => 4,
    made: 9,
    undigested: () => new Map([...Array.from({ length: 60 }, (_, i) => [`u${i}.test`, 9000 - i] as const), ['', 1000]]),
    kept: () => [
      { zone: '', endsSeconds: 100, fault: 'www. A is not signed' },
      ...Array.from({ length: 60 }, (_, i) => ({ zone: `k${i}.test`, endsSeconds: 1000 + i })),
    ],
  };
  signingMetrics(registry, store);
  signerMetrics(registry, store, signers);
  const read = async (name: string): Promise<[string, number][]> => {
    const { samples = [] } = parseMetrics(await registry.metrics()).get(name) ?? {};
    return samples.map(({ labels, value }) => [Object.values(labels).join(), value]);
  };
  t.same(await read('teal_dnssec_next_expiry_timestamp_seconds'), [], 'nothing is signed');
  state.next = 1_800_000_000;
  t.same(await read('teal_dnssec_next_expiry_timestamp_seconds'), [['', 1_800_000_000]]);
  t.same(await read('teal_dnssec_signatures_made_total'), [['', 9]]);
  t.same(await read('teal_dnssec_locked_zones'), [['', 2]]);
  t.same(await read('teal_dnssec_clock_off_zones'), [['', 3]]);
  t.same(await read('teal_dnssec_unfinished_zones'), [['', 4]]);
  const kept = await read('teal_dnssec_kept_expiry_timestamp_seconds');
  t.equal(kept.length, 50);
  t.same(kept.slice(0, 2), [...[['.', 100]], ...[['k0.test', 1000]]], 'those that end first');
  t.same(await read('teal_dnssec_kept_wrong'), [['.', 1]]);
  const undigested = await read('teal_zonemd_absent_timestamp_seconds');
  t.equal(undigested.length, 50);
  t.same(undigested.slice(0, 2), [...[['.', 1]], ...[['u59.test', 8.941]]], 'those that have none for longest');
  const byDs = Object.fromEntries(await read('teal_dnssec_ds_zones'));
  t.same(byDs, { all: 1, some: 0, none: 1, wrong: 1, unknown: 0 });
  t.same(Object.keys(byDs), [...DS_SEEN]);
  t.same(await read('teal_dnssec_ds_wrong'), [['a.test', 1]]);
  const waits = await read('teal_dnssec_parent_wait_timestamp_seconds');
  t.same(waits, [...[['b.test', 5]], ...[['.', 7]]]);
  // A thousand zones that are signed on one day make fifty series.
  for (let i = 0; i < 1000; i++) signings.push(signing(`z${i}.test`, 'ds-needed', { sinceMs: i }));
  const many = await read('teal_dnssec_parent_wait_timestamp_seconds');
  t.equal(many.length, 50);
  t.same(many[0], ['z0.test', 0], 'those that have waited longest');
});
