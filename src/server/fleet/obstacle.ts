/** What keeps a node from taking part in the log that it followed before. */
import { Lost } from '../../control/log/keeper.ts';
import { isFounded, readFounded, unsignedWords, wordsFor } from './identity.ts';
import type { FleetParts } from './parts.ts';
import type { Prepared } from './prepare.ts';
import { unlikeWords } from './unlike.ts';

/** Why a node cannot take part in the log of this name; undefined: nothing is in its way. */
export async function obstacleTo(
  { keeper, settings }: Pick<Prepared, 'keeper' | 'settings'>,
  { store, signers }: Pick<FleetParts, 'store' | 'signers'>,
  name: string,
): Promise<string | undefined> {
  const founded = await readFounded(keeper);
  const staleAfterMs = settings.staleAfterSeconds * 1000;
  const isOurs = isFounded(founded) && founded.log === name && founded.staleAfterMs === staleAfterMs;
  if (!isOurs) return wordsFor(founded, name);
  const unlike = await unlikeWords(keeper, store, founded.head);
  if (unlike !== undefined) return unlike instanceof Lost ? wordsFor(unlike, name) : unlike;
  const unsigned = signers.unsigned();
  return unsigned.length === 0 ? undefined : unsignedWords(unsigned);
}
