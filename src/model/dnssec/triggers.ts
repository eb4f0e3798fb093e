/** What happens to signed zones that others want to be told of. */
import type { SigningStage } from './signing.ts';

export const DNSSEC_TRIGGERS = ['on-ds-needed', 'on-ds-seen'] as const;

/**
 * Of a zone that is served with the signatures of its file: they end within a week, or have ended (or are wrong), and that
 * is over.
 */
export const SIGNATURES_TRIGGERS = ['on-signatures-ending', 'on-signatures-ended', 'on-signatures-renewed'] as const;

export type SignaturesTrigger = (typeof SIGNATURES_TRIGGERS)[number];

/** What time did to such a zone, or a new file to what time had done. */
export interface SignaturesEvent {
  readonly trigger: SignaturesTrigger;
  /** Canonical name. */
  readonly zone: string;
  /** Unix time, seconds, of the first that ends. */
  readonly endsSeconds: number;
  /** A sentence for people. */
  readonly message: string;
}

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
