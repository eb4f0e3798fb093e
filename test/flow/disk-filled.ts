/** An import in whose middle somebody else takes all that is free on the disk, in this process; tells what became of it, as JSON. */
import fs from 'node:fs';
import { join } from 'node:path';
import { packedBytes, writePacked } from '../../src/model/packed-form.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { Staging } from '../../src/store/staging.ts';

const MEBIBYTE = 2 ** 20;
/** As much as a log that begins anew has room for, and more. */
const STAGED = 400;
const RDATA_BYTES = 60_000;
const CHANGES = 300;

function piece(i: number): Buffer {
  const name = `n${String(i).padStart(4, '0')}.x.test`;
  const rrset = { name, type: 65_280, ttlSeconds: 60, rdata: [Buffer.alloc(RDATA_BYTES, i)] };
  const bytes = Buffer.alloc(packedBytes(rrset));
  writePacked(bytes, 0, rrset);
  return bytes;
}

function fill(file: string): void {
  const fd = fs.openSync(file, 'w');
  const bytes = Buffer.alloc(MEBIBYTE);
  for (const length of [MEBIBYTE, 4096]) {
    try {
      while (fs.writeSync(fd, bytes, 0, length) === length);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

const [folder = '', whoIsFirst] = process.argv.slice(2);
const store = openStore(folder);
const staging = new Staging(store.shared);
const rows = staging.begin('x.test');
for (let i = 0; i < STAGED; i++) rows.addPiece(piece(i));
const logBytes = fs.statSync(`${store.shared.file}-wal`).size;
fill(join(folder, 'of-somebody-else'));
const first = whoIsFirst === 'a change' ? store.tryAgain()?.detail : undefined;
fill(join(folder, 'of-somebody-else-too'));
let refusal: string | undefined;
try {
  for (let i = STAGED; i < 2 * STAGED; i++) rows.addPiece(piece(i));
} catch (error) {
  refusal = (error as Error).message;
  rows.abandon();
  fill(join(folder, 'of-somebody-else-again'));
}
const refused = new Set<string | undefined>();
for (let i = 0; i < CHANGES; i++) {
  refused.add(store.tryAgain()?.detail);
  // As late as the builder thread may come to it.
  if (i > CHANGES / 2) staging.sweep();
}
console.log(JSON.stringify({ logBytes, first, refusal, refused: [...refused] }));
