/** What happens to signed zones that others want to be told of. */
import type { SigningStage } from './signing.ts';

export const DNSSEC_TRIGGERS = ['on-ds-needed', 'on-ds-seen'] as const;

export type DnssecTrigger = (typeof DNSSEC_TRIGGERS)[number];

const byStage: Partial<Record<SigningStage, DnssecTrigger>> = {
  // Also where it is to be taken away.
  'ds-needed': 'on-ds-needed',
  'ds-removal': 'on-ds-needed',
  'ds-seen': 'on-ds-seen',
  'ds-gone': 'on-ds-seen',
};

/** `before`: undefined where the revision made the signing. */
export function dnssecTriggersOf(before: SigningStage | undefined, after: SigningStage): DnssecTrigger[] {
  const trigger = before === after ? undefined : byStage[after];
  return trigger === undefined ? [] : [trigger];
}
