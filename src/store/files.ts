/** Files and folders of the data directory: private, on the disk, and owned by whoever owns the folder. */
import {
  chownSync,
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { getuid } from 'node:process';

/** For its owner alone: digests of tokens are in there, and who may open teal.lock may hold it. */
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/**
 * Makes a folder and those above it. Node's own `recursive` never ends where a parent cannot be made and says so in the
 * wrong words, as /proc does (ENOENT for a folder whose parent is there).
 */
export function makeFolder(path: string): void {
  const folder = resolve(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent);
  try {
    mkdirSync(folder, { mode: PRIVATE_FOLDER });
    keepOwner(folder);
  } catch (error) {
    // Somebody else made it meanwhile, or a file stands there.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** Makes a file where there is none, and takes it from everybody but its owner. */
export function makePrivate(path: string): void {
  const isNew = lstatSync(path, { throwIfNoEntry: false }) === undefined;
  const fd = openSync(path, 'a', PRIVATE_FILE);
  try {
    if ((fstatSync(fd).mode & 0o777) !== PRIVATE_FILE) fchmodSync(fd, PRIVATE_FILE);
  } finally {
    closeSync(fd);
  }
  if (isNew) keepOwner(path);
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

/** Until it is on the disk. */
export function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
