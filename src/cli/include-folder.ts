/** Files that `$INCLUDE` may name on the command line: those in one folder, wherever `..` or links seem to lead. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';

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
      return readFileSync(real);
    } catch (error) {
      return `it cannot be read (${(error as NodeJS.ErrnoException).code})`;
    }
  };
}
