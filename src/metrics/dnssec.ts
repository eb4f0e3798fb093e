/** Signed zones: what they wait for, what their parents have, and until when their signatures hold. */

import type { Registry } from 'prom-client';
import { DS_SEEN, dsSeen, isDsWrong, waitsForParent } from '../model/dnssec/parent-says.ts';
import type { ZoneSigning } from '../model/dnssec/signing.ts';
import type { ParentLook } from '../model/dnssec/transition.ts';
import { shown } from '../shown.ts';
import { collectCounter, collectGauge } from './collected.ts';

/** Where signings are found. */
export interface MeasuredSignings {
  allSignings(): readonly ZoneSigning[];
}

/** What this process knows of signed zones besides. */
export interface MeasuredSigners {
  /** The last look at the parent of a zone; in a fleet only the node that leads looks. */
  lookOf(zone: string): ParentLook | undefined;
  /** Unix time, seconds, when the first of the signatures that are answered ends; undefined: none is. */
  nextExpiry(): number | undefined;
  /** Signed zones that nothing new can be signed for, by why. */
  refusing(): { readonly locked: number; readonly clock: number };
  /** Signed zones of which not all is answered with signatures yet. */
  signing(): number;
  /** Signatures that this process has made. */
  readonly made: number;
  /** Zones that are to have a digest and are answered without, and since when; Unix time, milliseconds. */
  undigested(): ReadonlyMap<string, number>;
  /** Zones that are served with signatures of their own, those that end first before others. */
  kept(): readonly { readonly zone: string; readonly endsSeconds: number; readonly fault?: string | undefined }[];
}

const STAGES = [
  ...['signing', 'key-published', 'ds-needed', 'ds-seen', 'replacing', 'secure'],
  ...['ds-removal', 'ds-gone'],
];
/** Series with the name of a zone: those that have waited longest, or are wrong. */
const NAMED_ZONES_MAX = 50;

export function signingMetrics(registry: Registry, store: MeasuredSignings): void {
  const byStage = { name: 'teal_dnssec_zones', help: 'Signed zones by the stage that they are in.', labels: ['stage'] };
  collectGauge(registry, byStage, (set) => {
    const signings = store.allSignings();
    for (const stage of STAGES) set(signings.filter((each) => each.stage === stage).length, { stage });
  });
  const keys = { name: 'teal_dnssec_keys', help: 'Keys of signed zones, those that come or go in a roll too.' };
  collectGauge(registry, keys, (set) => set(store.allSignings().reduce((sum, each) => sum + each.keys.length, 0)));
  const waits = {
    name: 'teal_dnssec_parent_wait_timestamp_seconds',
    help: 'Unix time since when a zone waits for a DS to come or to go at its parent; the 50 that have waited longest.',
    labels: ['zone'],
  };
  collectGauge(registry, waits, (set) => {
    const waiting = store.allSignings().filter(waitsForParent);
    const longest = waiting.sort((one, other) => one.sinceMs - other.sinceMs).slice(0, NAMED_ZONES_MAX);
    for (const { zone, sinceMs } of longest) set(sinceMs / 1000, { zone: shown(zone) });
  });
}

export function signerMetrics(registry: Registry, store: MeasuredSignings, signers: MeasuredSigners): void {
  const gauge = (name: string, help: string, read: () => number): void =>
    collectGauge(registry, { name, help }, (set) => set(read()));
  collectGauge(
    registry,
    {
      name: 'teal_dnssec_next_expiry_timestamp_seconds',
      help: 'Unix time when the first of the signatures that are answered ends; made anew a week before. Absent where nothing is signed.',
    },
    (set) => {
      const next = signers.nextExpiry();
      if (next !== undefined) set(next);
    },
  );
  collectCounter(
    registry,
    { name: 'teal_dnssec_signatures_made_total', help: 'Signatures that this process has made.' },
    (set) => set(signers.made),
  );
  gauge(
    'teal_dnssec_locked_zones',
    'Signed zones whose private keys cannot be opened: the wrapping key is missing, or another one.',
    () => signers.refusing().locked,
  );
  gauge(
    'teal_dnssec_clock_off_zones',
    'Signed zones that nothing new is signed for, since the clock does not go with the signatures that there are.',
    () => signers.refusing().clock,
  );
  gauge(
    'teal_dnssec_unfinished_zones',
    'Signed zones of which something is answered without signatures, since they were not there at the start: they are being made.',
    () => signers.signing(),
  );
  const seen = {
    name: 'teal_dnssec_ds_zones',
    help: 'Signed zones by what the servers of their parents had when they were asked last: the DS at all, at some, at none, a wrong one, or unknown. In a fleet only the node that leads asks.',
    labels: ['ds'],
  };
  collectGauge(registry, seen, (set) => {
    const found = store.allSignings().map((signing) => dsSeen(signing, signers.lookOf(signing.zone)));
    for (const ds of DS_SEEN) set(found.filter((each) => each === ds).length, { ds });
  });
  const wrong = {
    name: 'teal_dnssec_ds_wrong',
    help: '1 for a zone whose parent has a DS that leads to no key of it, or none though the zone is done; 50 at most.',
    labels: ['zone'],
  };
  collectGauge(registry, wrong, (set) => {
    const bad = store.allSignings().filter((signing) => isDsWrong(signing, signers.lookOf(signing.zone)));
    for (const { zone } of bad.slice(0, NAMED_ZONES_MAX)) set(1, { zone: shown(zone) });
  });
  const undigested = {
    name: 'teal_zonemd_absent_timestamp_seconds',
    help: 'Unix time since when a zone that is to have a digest (ZONEMD) is answered without: it is made after each change; the 50 that have been so for longest.',
    labels: ['zone'],
  };
  collectGauge(registry, undigested, (set) => {
    const longest = [...signers.undigested()].sort((one, other) => one[1] - other[1]).slice(0, NAMED_ZONES_MAX);
    for (const [zone, sinceMs] of longest) set(sinceMs / 1000, { zone: shown(zone) });
  });
  keptMetrics(registry, signers);
}

/** Of zones that nobody here signs. */
function keptMetrics(registry: Registry, signers: Pick<MeasuredSigners, 'kept'>): void {
  const ends = {
    name: 'teal_dnssec_kept_expiry_timestamp_seconds',
    help: 'Unix time when the first signature of a zone ends that was imported with them (keep), and that nobody here makes anew; the 50 that end first.',
    labels: ['zone'],
  };
  collectGauge(registry, ends, (set) => {
    const some = signers.kept().slice(0, NAMED_ZONES_MAX);
    for (const { zone, endsSeconds } of some) set(endsSeconds, { zone: shown(zone) });
  });
  const wrong = {
    name: 'teal_dnssec_kept_wrong',
    help: '1 for such a zone that validators refuse, as far as that was looked at; 50 at most.',
    labels: ['zone'],
  };
  collectGauge(registry, wrong, (set) => {
    const bad = signers.kept().filter(({ fault }) => fault !== undefined);
    for (const { zone } of bad.slice(0, NAMED_ZONES_MAX)) set(1, { zone: shown(zone) });
  });
}
