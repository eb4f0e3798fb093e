/** The files of people's sessions in the data directory: private, at most so many, and gone once they can be of no use. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { platform } from 'node:process';
import type { SessionFiles } from '../control/people/kept-sessions.ts';
import { keepOwner, makeFolder } from '../folders.ts';
import type { Logger } from '../log.ts';

const PRIVATE_FILE = 0o600;
/** A digest in base64url: nothing else is a name here, and no path is made of what a browser sent. */
const NAME = /^[A-Za-z0-9_-]{43}$/;

/** `maxMs`: what is older is of no use to anybody. */
export function sessionFiles(dataDir: string, maxMs: number, nowMs: number, log: Logger): SessionFiles {
  const folder = join(dataDir, 'sessions');
  let last: Promise<unknown> = Promise.resolve();
  let isTold = false;
  const fail = (err: unknown): void => {
    if (!isTold) log.warn({ err }, 'sessions of people are not kept: a restart asks them to sign in again');
    isTold = true;
  };
  const inTurn = <Done>(work: () => Promise<Done>): Promise<Done> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  try {
    makeFolder(folder);
    sweep(folder, nowMs - maxMs);
  } catch (err) {
    fail(err);
  }
  return {
    read(name) {
      try {
        return NAME.test(name) ? readFileSync(join(folder, name)) : undefined;
      } catch {
        return undefined;
      }
    },
    write: (name, bytes) =>
      inTurn(async () => {
        const file = join(folder, name);
        await writeFile(`${file}.new`, bytes, { mode: PRIVATE_FILE, flush: true });
        keepOwner(`${file}.new`);
        // A crash of the machine leaves the session as it was written before, or as it is now, and never an empty file.
        await rename(`${file}.new`, file);
        await syncFolder(folder);
      }).catch(fail),
    remove: (name) =>
      inTurn(() => forget(folder, name)).catch((err) => {
        log.error({ err }, 'what is kept of a session could not be taken away: a restart may bring it back');
        return false;
      }),
  };
}

/** Until it is on the disk: who has signed out stays out, whatever happens to the machine. */
async function forget(folder: string, name: string): Promise<boolean> {
  try {
    await rm(join(folder, name), { force: true });
    await syncFolder(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // No such folder: nothing was ever kept.
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  }
  return true;
}

async function syncFolder(folder: string): Promise<void> {
  // It cannot be opened there; NTFS keeps its own journal of names.
  if (platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

function sweep(folder: string, beforeMs: number): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (!NAME.test(name) || statSync(file).mtimeMs < beforeMs) rmSync(file, { force: true, recursive: true });
  }
}
