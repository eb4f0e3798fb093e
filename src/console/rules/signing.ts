/** Signed zones in the words of the page. */
import type { Signing } from '../../contract/types.ts';

type Stage = Signing['stage'];

export const ALGORITHM_WORDS: Readonly<Record<string, string>> = {
  ecdsap256sha256: 'ECDSA P-256 (13)',
  ed25519: 'Ed25519 (15)',
};

/** Whether the way out of being signed was begun; it can be taken back. */
export function isUnsigning(stage: Stage): boolean {
  return stage === 'ds-removal' || stage === 'ds-gone';
}

/** `warn`: somebody is to do something. */
export function stageTone(stage: Stage): 'ok' | 'warn' | 'accent' {
  if (stage === 'secure') return 'ok';
  return stage === 'ds-needed' || stage === 'ds-removal' ? 'warn' : 'accent';
}

/** The fields of `example.com. IN DS 12345 13 2 ABCD…` (RFC 4034 §5.3), as forms of registrars name them. */
export function dsParts(line: string): readonly (readonly [string, string])[] {
  const [tag = '', algorithm = '', type = '', digest = ''] = line.split(' IN DS ')[1]?.split(' ') ?? [];
  return [
    ['Key tag', tag],
    ['Algorithm', algorithm],
    ['Digest type', type],
    ['Digest', digest],
  ];
}

/** What tells one state of a signing from another. */
export function shownSigning(signing: Signing): object {
  const { stage, keys, foreignKeys } = signing;
  return { stage, keys: keys.map(({ tag, role }) => `${tag} ${role}`), foreignKeys };
}
