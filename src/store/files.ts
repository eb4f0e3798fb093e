/** Files of the data directory: private, on the disk, and owned by whoever owns the folder. */
import { closeSync, fchmodSync, fstatSync, fsyncSync, lstatSync, openSync } from 'node:fs';
import { keepOwner } from '../folders.ts';

/** For its owner alone: digests of tokens are in there, and who may open teal.lock may hold it. */
const PRIVATE_FILE = 0o600;

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

/** Until it is on the disk. */
export function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
