/** Commands of signed zones in random histories. */
import fc from 'fast-check';
import type { Command } from '../../../src/control/commands/command.ts';
import { type EngineFixture, NOON_MS } from '../../fixtures/engine.ts';

interface Ledger {
  readonly fixture: EngineFixture;
  execute(command: Command): void;
}

type Move = (ledger: Ledger) => void;

/** Keys by number; nothing here opens them. */
export const keyOf = (number: number) => ({
  ...{
    id: `k${number}`,
    tag: number,
    algorithm: 13,
    dnskey: `AQEDDQ${number}A`,
    digest: String(number).padStart(64, '0'),
  },
  ...{ wrapped: `sealed${number}`, madeAtMs: number },
});
/** Everything is as the signing waits for. */
const allSeen = (ledger: Ledger, zone: string) => {
  const signing = ledger.fixture.store.signing(zone);
  const isEnding = signing?.stage === 'ds-removal' || signing?.stage === 'ds-gone';
  const ds = isEnding ? [] : (signing?.keys.map((key) => ({ ...key, digestType: 2 })) ?? []);
  const parent = { atMs: NOON_MS * 2, servers: [{ server: 'a', ds, ttlSeconds: 0 }] };
  return { revision: signing?.revision ?? 0, seen: { inForce: true, maxTtlSeconds: 0, parent } };
};

type Kind = 'dnssec.sign' | 'dnssec.roll' | 'dnssec.unsign' | 'dnssec.step' | 'dnssec.vouch';

export function dnssec(zone: fc.Arbitrary<string>, number: fc.Arbitrary<number>): Record<Kind, fc.Arbitrary<Move>> {
  const does =
    (command: Command): Move =>
    (ledger) =>
      ledger.execute(command);
  return {
    'dnssec.sign': fc.record({ zone, number }).map(({ zone, number }) =>
      does({
        ...{ kind: 'dnssec.sign', zone, isGiven: false, key: keyOf(number) },
        body: { denial: number % 2 === 0 ? 'nsec' : 'nsec3', ...(number > 3 && { zonemd: true }) },
      }),
    ),
    'dnssec.roll': fc
      .record({ zone, number })
      .map(({ zone, number }) => does({ kind: 'dnssec.roll', zone, key: keyOf(10 + number) })),
    'dnssec.unsign': fc
      .record({ zone, force: fc.boolean() })
      .map(({ zone, force }) => does({ kind: 'dnssec.unsign', zone, force })),
    'dnssec.vouch': fc.record({ zone, of: zone }).map(({ zone, of }) => does({ kind: 'dnssec.vouch', zone, of })),
    'dnssec.step': zone.map(
      (zone) => (ledger) => ledger.execute({ kind: 'dnssec.step', zone, ...allSeen(ledger, zone) }),
    ),
  };
}
