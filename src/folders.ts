/** Folders that the server and its command line make, and whom what root makes belongs to. */
import { chownSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { getuid } from 'node:process';

const PRIVATE_FOLDER = 0o700;

/**
 * Makes a folder and those above it. Node's own `recursive` never ends where a parent cannot be made and says so in the
 * wrong words, as /proc does (ENOENT for a folder whose parent is there).
 */
export function makeFolder(path: string, mode = PRIVATE_FOLDER): void {
  const folder = resolve(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent, mode);
  try {
    mkdirSync(folder, { mode });
    keepOwner(folder);
  } catch (error) {
    // Somebody else made it meanwhile, or a file stands there.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/**
 * Gives what root makes to the owner of the folder that it lies in: the service runs as that user, and must read what a
 * person restores or starts as root. For anybody else the kernel has done so already.
 */
export function keepOwner(path: string): void {
  if (getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(resolve(path)));
  const own = lstatSync(path);
  if (own.uid !== uid || own.gid !== gid) chownSync(path, uid, gid);
}
