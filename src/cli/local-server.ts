/** The server of the data directory that lies here: a script may be faster than its start, and then waits for it. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockHolders } from './lock-holders.ts';

/** What the client asks of it; none: the server is another machine's. */
export interface LocalServer {
  /** The token that its first start made, once that is there. */
  token(): { readonly token: string; readonly tokenFrom: string } | undefined;
  /** Nobody listens: resolves to true once it is worth another try, to false where nothing is on its way. */
  comesUp(): Promise<boolean>;
}

/** In all. A store of a million names is read in a few seconds. */
const WAIT_MAX_MS = 15_000;
const LOOK_MS = 50;
/** Who has run for longer listens elsewhere, or not at all: waiting would only keep the user. */
const START_MAX_SECONDS = 60;
/** Of the times in /proc/PID/stat (proc(5)). */
const TICKS_PER_SECOND = 100;

/** `note`: told once, as soon as it waits, or of a token that is here and not for this user. */
export function localServer(
  dataDir: string,
  note: (line: string) => void,
  starts: (dataDir: string) => boolean = isStarting,
): LocalServer {
  let waitedMs = 0;
  let isTold = false;
  let next: Promise<void> | undefined;
  return {
    token() {
      const tokenFrom = join(dataDir, 'admin.token');
      try {
        return { token: readFileSync(tokenFrom, 'utf8').trim(), tokenFrom };
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException;
        // Not here: the reply says what is missing. One that others keep to themselves is here all the same.
        if (!['ENOENT', 'ENOTDIR'].includes(code) && !isTold) {
          isTold = true;
          note(`teal: ${tokenFrom} cannot be read (${code}): it is for whoever runs the server`);
        }
        return undefined;
      }
    },
    async comesUp() {
      if (next === undefined) {
        if (waitedMs >= WAIT_MAX_MS || !starts(dataDir)) return false;
        if (waitedMs === 0) note(`teal: the server of ${dataDir} is starting; waiting for it`);
        waitedMs += LOOK_MS;
        next = sleep(LOOK_MS);
        void next.then(() => {
          next = undefined;
        });
      }
      // Several requests at once wait together: each on its own would use the time up for all.
      await next;
      return true;
    },
  };
}

/**
 * Whether a process that has just begun holds the directory. The kernel knows who holds which lock, on Linux; to try for
 * the lock would take it from whoever starts.
 */
export function isStarting(dataDir: string, read = (file: string) => readFileSync(file, 'utf8')): boolean {
  try {
    const [pid] = lockHolders(read('/proc/locks'), statSync(join(dataDir, 'teal.lock')).ino);
    if (pid === undefined) return false;
    // Its name stands in parentheses, and may have any character in it; the start is the 22nd field.
    const fields = read(`/proc/${pid}/stat`).replace(/^.*\)/s, '').trim().split(' ');
    const startedSeconds = Number(fields[22 - 3]) / TICKS_PER_SECOND;
    return Number.parseFloat(read('/proc/uptime')) - startedSeconds < START_MAX_SECONDS;
  } catch {
    // No such directory, or no such files: not Linux.
    return false;
  }
}
