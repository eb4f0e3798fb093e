/** How zones are signed by the threads that build them, and that make their digests. */
import type { ZoneSigning } from '../../model/dnssec/signing.ts';
import type { ExportKeys } from '../../signing/export-keys.ts';
import type { MadeAside } from '../../signing/kept.ts';
import type { SignRequest } from './messages.ts';

/** Of the signers of zones. */
export interface SignedAside {
  /** How a zone is signed; undefined: it is not, or cannot be now. */
  aside(zone: string, signing?: ZoneSigning): Omit<SignRequest, 'services'> | undefined;
  /** So much was signed. */
  noteAside(made: MadeAside): void;
  /** What signs the rest of a zone of which nearly all is signed, with that in its file; undefined: not now. */
  digestKeys(zone: string): Omit<ExportKeys, 'directory'> | undefined;
}

export const NOT_SIGNED: SignedAside = { aside: () => undefined, noteAside: () => {}, digestKeys: () => undefined };
