/** What a thread that writes a signed zone is given, beside what the store has. */
import type { KeyObject } from 'node:crypto';

/** What a thread is told, to sign what nobody has signed yet. */
export interface ExportKeys {
  /** By the key's id; a text: why it cannot be opened. */
  readonly keys: readonly (readonly [id: string, key: KeyObject | string])[];
  /** Unix time, milliseconds. */
  readonly nowMs: number;
  /** Where the file of signatures is. */
  readonly directory: string;
}
