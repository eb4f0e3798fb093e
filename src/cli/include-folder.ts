/** Files that `$INCLUDE` may name on the command line: those in one folder, wherever `..` or links seem to lead. */
import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { readBounded, unreadable, ZONE_FILE_MAX_BYTES } from '../bounded-file.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';

/** What `--include` names. Throws Failure where that is no folder. */
export function folderOf(name: string): string {
  let isFolder: boolean | undefined;
  try {
    isFolder = statSync(name, { throwIfNoEntry: false })?.isDirectory();
  } catch (error) {
    throw new Failure(EXIT.NO_INPUT, `--include: expected a folder, and ${name} ${unreadable(error)}`);
  }
  if (isFolder) return name;
  throw new Failure(EXIT.NO_INPUT, `--include: expected a folder, found ${name}`);
}

/** Reads files by paths relative to the folder: their bytes, or in a phrase why not. The folder must be there. */
export function includeFrom(folder: string): (path: string) => Uint8Array | string {
  const root = realpathSync(folder);
  return (path) => {
    try {
      // Links are followed before the look at where the file is, so that a link cannot lead out.
      const real = realpathSync(resolve(root, path));
      const inside = relative(root, real);
      if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return `it is not in ${folder}`;
      if (!statSync(real).isFile()) return 'it is not a plain file';
      return readBounded(real, ZONE_FILE_MAX_BYTES);
    } catch (error) {
      return `it ${unreadable(error)}`;
    }
  };
}
