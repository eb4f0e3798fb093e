/** Secrets are written once: whatever shows one shows that it is set, and who sends that back keeps it. */

/** Stands for a secret wherever something is shown. */
export interface SetMarker {
  readonly set: true;
}

export const SET: SetMarker = Object.freeze({ set: true });

/** What a user says of a secret: its text, or that the one that is there stays. */
export type SecretBody = string | SetMarker;

/** What somebody who does not know the secret is shown of it. */
export function shownSecret(_secret: unknown): SetMarker {
  return SET;
}

/** What a user gave, or for the marker what is there; undefined: nothing is. */
export function settleSecret(given: SecretBody, stored: SecretBody | undefined): string | undefined {
  if (typeof given === 'string') return given;
  return typeof stored === 'string' ? stored : undefined;
}
