/** Moves of random histories that are about what people agree on: freezes, proposals, approvals. */
import fc from 'fast-check';
import type { Command, CommandContext } from '../../../src/control/commands/command.ts';
import { bluegreen, type EngineFixture, NOON_MS } from '../../fixtures/engine.ts';

interface Ledger {
  readonly fixture: EngineFixture;
  execute(command: Command, more?: Partial<CommandContext>): void;
}

type Move = (ledger: Ledger) => void;

const freezes = ['nights', 'holidays'];

/** Noon of a Tuesday is in some of them. */
const freezeBody = (n: number) => ({
  timeZone: 'Europe/Berlin',
  windows: [{ from: `Tue ${12 + n}:00`, to: 'Tue 14:00' }],
  services: ['api.example.com'],
  ...(n % 2 === 1 && { labels: { n: String(n) } }),
});

/** Some wait for a person, some for another one, some for a gate. */
export const releaseBody = (n: number) => ({
  to: n % 2 === 0 ? 'green' : 'blue',
  steps: [
    { setWeight: 10 },
    n < 2
      ? { pause: {} }
      : n < 3
        ? { pause: { approval: { by: 'other' } } }
        : { analysis: { intervalSeconds: 1, count: 1, metrics: [{ name: 'up', web: { url: 'https://h.example/' } }] } },
    { setWeight: 100 },
  ],
});

/** The last one that was proposed, in whatever state. */
const lastProposal = ({ fixture }: Ledger): string => fixture.store.proposals(0, 1000).at(-1)?.id ?? '1';

const actor = fc.constantFrom('bob', 'test');

type Kind =
  | 'freeze.put'
  | 'freeze.delete'
  | 'proposal.approve'
  | 'proposal.cancel'
  | 'proposal.due'
  | 'release.approve';

/** `lastRelease`: its id. */
export function agreement(lastRelease: (ledger: Pick<Ledger, 'fixture'>) => string): Record<Kind, fc.Arbitrary<Move>> {
  const name = fc.constantFrom(...freezes);
  return {
    'freeze.put': fc.record({ name, n: fc.integer({ min: 0, max: 5 }) }).map(
      ({ name, n }) =>
        (ledger) =>
          ledger.execute({ kind: 'freeze.put', name, body: freezeBody(n) }),
    ),
    'freeze.delete': name.map((name) => (ledger) => ledger.execute({ kind: 'freeze.delete', name })),
    'proposal.approve': actor.map((actor) => (ledger) => {
      ledger.execute({ kind: 'proposal.approve', id: lastProposal(ledger) }, { actor });
    }),
    'proposal.cancel': fc.constant((ledger) => ledger.execute({ kind: 'proposal.cancel', id: lastProposal(ledger) })),
    'proposal.due': fc.boolean().map((isLate) => (ledger) => {
      const id = lastProposal(ledger);
      const revision = ledger.fixture.store.proposal(id)?.revision ?? 0;
      ledger.execute({ kind: 'proposal.due', id, revision }, isLate ? { atMs: NOON_MS + 36e5 } : {});
    }),
    'release.approve': actor.map((actor) => (ledger) => {
      const revision = ledger.fixture.store.lastRevision;
      ledger.execute({ kind: 'release.approve', id: lastRelease(ledger), revision }, { actor });
    }),
  };
}

/** The same where its zone may be gone, or a release goes on. */
export const wantsApproval: Move = (ledger) => {
  const shop = 'shop.other.test';
  ledger.execute({ kind: 'service.put', name: shop, body: bluegreen(1, 0, { approval: 'required' }) });
  ledger.execute({ kind: 'weights.put', name: shop, weights: { blue: 0, green: 1 } });
};

/** Something that waits for somebody. Not one of those that come with keys, whose turns they would take. */
export const proposes: Move = ({ fixture }) => {
  const shop = 'shop.example.com';
  fixture.must({ kind: 'service.put', name: shop, body: bluegreen(1, 0, { approval: 'required' }) });
  fixture.must({ kind: 'weights.put', name: shop, weights: { blue: 0, green: 1 } });
};

/** What a history has in which every kind of change is. */
export const agreements: readonly Command[] = [
  ...freezes.map((name): Command => ({ kind: 'freeze.put', name, body: freezeBody(0) })),
  { kind: 'freeze.delete', name: 'holidays' },
];
