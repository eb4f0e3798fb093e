/** What an import says besides its file. Pure. */

export interface Said {
  /** Of keys and signatures that the file brings; empty: nothing. */
  readonly signatures: string;
  /** Though the parent may have a DS that leads nowhere then. */
  readonly isForced: boolean;
}

export const UNSAID: Said = { signatures: '', isForced: false };

export const SIGNATURES_WORDS: Readonly<Record<string, string>> = {
  '': 'Say what becomes of them',
  keep: 'Serve the zone as it is, signed by who signed it',
  resign: 'Drop them: Teal, which signs the zone, signs it',
};

/** Where a file goes. `path`: of its zone. */
export function importPath(path: string, { signatures, isForced }: Said): string {
  const query = [...(signatures === '' ? [] : [`signatures=${signatures}`]), ...(isForced ? ['force=true'] : [])];
  return `${path}/file${query.length > 0 ? `?${query.join('&')}` : ''}`;
}
