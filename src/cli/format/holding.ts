/** Who holds up the drains of a fleet, as lines. Pure: the time is passed in. */
import type { Holding } from '../../contract/types.ts';
import { duration, printable, wrap } from './text.ts';

/** ` for 12s`; nothing where it is not known since when. */
export function forSince(at: string | null, nowMs: number): string {
  return at === null ? '' : ` for ${duration((nowMs - Date.parse(at)) / 1000)}`;
}

/** Who holds up drains, since when, and what ends it. */
export function holdingLines({ since: at, message }: Holding, nowMs: number, width: number): string[] {
  return wrap(printable(`All drains wait${forSince(at, nowMs)}: ${message}`), width);
}
