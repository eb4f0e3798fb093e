/** Files with secrets. */
import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../folders.ts';
import { makePrivate, sync } from '../store/files.ts';

/** Readable by its owner only, and on the disk when this returns. */
export function writePrivate(file: string, text: string): void {
  makeFolder(dirname(file));
  makePrivate(file);
  writeFileSync(file, text);
  sync(file);
}
