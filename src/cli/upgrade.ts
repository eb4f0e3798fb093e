/** `teal upgrade`: the server of a data directory goes on with the code that is installed now, without a gap. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { unreadable } from '../bounded-file.ts';
import { type DataDirectoryOptions, dataDirectory, withDataDirectory } from './data-directory.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { lockHolders } from './lock-holders.ts';
import { describe, Presenter } from './session.ts';
import type { Shell } from './shell.ts';

/** A store of many names takes its time to load, and it is loaded anew where the layout of the table has changed. */
const LIMIT_MS = 120_000;
const LOOK_MS = 100;
/** So long nothing may come of it: a server of an earlier version passes over what it is told in an upgrade. */
const UNHEARD_MS = 15_000;
/** So long AF_XDP may take to be taken back: a server of an earlier version begins with that once the old process has ended. */
const TAKEN_BACK_MS = 15_000;
/** What a descriptor is that has an interface run a program: whoever answers by AF_XDP holds one. */
const XDP_LINK = 'anon_inode:bpf_link';
/** One that died is started again after ten seconds at the most; until then nobody holds the directory. */
const BACK_MS = 12_000;
/** In the environment of a data process, see DataKeeper. */
const FOLLOWED = 'TEAL_UPGRADE_FOLLOWS=1';
const CONTROL = 'teal: control';
const DATA = 'teal: data';

export function add(program: Command, shell: Shell): void {
  const command = withDataDirectory(
    program.command('upgrade').helpGroup('The server:').summary('go on with the code that is installed now'),
  )
    .description(
      'Replace the processes of a running server on this machine by the version that is installed now: first the one ' +
        'that decides, then the one that answers, on the same sockets, so that no query is lost. Settings that need a ' +
        'restart still do. What SIGUSR2 does to the server, too.',
    )
    .action((options: DataDirectoryOptions) => upgrade(options, shell));
  describe(
    command,
    `
    npm install --global ./tealdns-0.1.0.tgz && teal upgrade
    teal upgrade --data-dir /var/lib/teal
    `,
  );
}

interface Processes {
  readonly control: readonly number[];
  readonly data: readonly number[];
  /** Those that have only just been started, and are not called anything yet; or children of whoever became the server. */
  readonly unnamed: readonly number[];
}

async function upgrade(options: DataDirectoryOptions, shell: Shell): Promise<void> {
  const directory = await dataDirectory(options, shell);
  const server = await findServer(directory);
  const before = await onceCalm(server, shell);
  const wasByXdp = isByXdp(before.data);
  tell(server);
  const now = await replaced(server, before);
  new Presenter(shell, options).show({ server, before, now }, () => [
    `upgraded: control process ${before.control} → ${now.control}, data process ${before.data} → ${now.data}`,
  ]);
  if (wasByXdp && !(await comesByXdp(server))) {
    const why = "the server's log says why, and `teal upgrade` tries it again";
    throw new Failure(EXIT.TRY_LATER, `sockets serve in place of AF_XDP since: ${why}`);
  }
}

/** The processes of the server, after an upgrade that somebody else began. What is installed may be newer than that. Throws Failure. */
async function onceCalm(server: number, { stderr }: Shell): Promise<Processes> {
  const isBusy = ({ control, data }: Processes): boolean => control.length > 1 || data.length > 1;
  let found = childrenOf(server);
  if (isBusy(found)) stderr.write('teal: another upgrade is under way; this one begins once that has ended\n');
  const endsAtMs = performance.now() + LIMIT_MS;
  while (isBusy(found)) {
    if (performance.now() > endsAtMs) {
      throw new Failure(EXIT.TRY_LATER, `another upgrade is under way, and did not end in ${LIMIT_MS / 1000} s`);
    }
    await sleep(LOOK_MS);
    mustBeThere(server);
    found = childrenOf(server);
  }
  return found;
}

/** Throws Failure. */
function tell(server: number): void {
  try {
    process.kill(server, 'SIGUSR2');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') throw hasEnded(server);
    const why = code === 'EPERM' ? 'it belongs to another user: be that one, or root' : String(code);
    throw new Failure(EXIT.NO_PERMISSION, `the server, process ${server}, cannot be told: ${why}`);
  }
}

/** Throws Failure. */
function mustBeThere(server: number): void {
  // One that has ended and that nobody has taken note of yet has no words.
  if (titleOf(server) === '') throw hasEnded(server);
}

function hasEnded(server: number): Failure {
  return new Failure(EXIT.UNAVAILABLE, `the server, process ${server}, has ended meanwhile`);
}

/** The processes that took the place of those before. Throws Failure. */
async function replaced(server: number, before: Processes): Promise<Processes> {
  const beganAtMs = performance.now();
  let quietSinceMs = beganAtMs;
  let now = before;
  // One that was begun by somebody else a moment ago, and is not called anything yet, is none that this one began.
  const control = [...before.control, ...before.unnamed];
  const data = [...before.data, ...before.unnamed];
  const isStarting = (pid: number): boolean => !before.unnamed.includes(pid);
  // Before it was told, one that somebody else had asked for may have begun and be in the middle: this one follows it.
  while (
    now.unnamed.some(isStarting) ||
    !isNew(control, now.control) ||
    !isNew(data, now.data) ||
    now.data.some(isFollowed)
  ) {
    const atMs = performance.now();
    if (atMs - beganAtMs > LIMIT_MS) {
      throw new Failure(
        EXIT.UNAVAILABLE,
        `not upgraded in ${LIMIT_MS / 1000} s; answers go on: the server's log says why`,
      );
    }
    // Nothing was begun; or the one that somebody else had begun is over, and no other has followed it.
    const isPassedOver = isDeepStrictEqual(now, before) || (isNew(data, now.data) && !now.data.some(isFollowed));
    if (isPassedOver && atMs - quietSinceMs > UNHEARD_MS) {
      tell(server);
      quietSinceMs = atMs;
    }
    await sleep(LOOK_MS);
    mustBeThere(server);
    const found = childrenOf(server);
    if (!isDeepStrictEqual(found, now)) quietSinceMs = performance.now();
    now = found;
  }
  return now;
}

/** Another one, and the old one is gone. */
function isNew(before: readonly number[], now: readonly number[]): boolean {
  return now.length === 1 && !before.includes(now[0] as number);
}

/** Whether another upgrade follows the one that started this data process. A server of an earlier version does not tell, nor one that has rights which who asks has not. */
function isFollowed(pid: number): boolean {
  return read(`/proc/${pid}/environ`).split('\0').includes(FOLLOWED);
}

/** Whether the server answers by AF_XDP, or comes to within some seconds. */
async function comesByXdp(server: number): Promise<boolean> {
  const endsAtMs = performance.now() + TAKEN_BACK_MS;
  while (!isByXdp(childrenOf(server).data)) {
    if (performance.now() > endsAtMs) return false;
    await sleep(LOOK_MS);
    mustBeThere(server);
  }
  return true;
}

/** Whether one of them has an interface run a program. False, too, where nobody may look. */
function isByXdp(pids: readonly number[]): boolean {
  return pids.some((pid) => namesIn(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === XDP_LINK));
}

/** A descriptor may be closed meanwhile. */
function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

/** The process that watches the one which holds the directory's lock. Throws Failure. */
async function findServer(directory: string): Promise<number> {
  for (const startedAt = performance.now(); ; await sleep(LOOK_MS)) {
    const inode = lockOf(directory);
    const locks = read('/proc/locks');
    const holders = inode === undefined ? [] : lockHolders(locks, inode);
    const holder = holders.find((pid) => pid > 0);
    if (holder !== undefined) return watcherOf(holder, directory);
    if (inode === undefined || performance.now() - startedAt > BACK_MS || !isOneAway(locks))
      throw new Failure(EXIT.UNAVAILABLE, `no server on this machine uses ${directory}`);
  }
}

/** Undefined: there is no such file. Throws Failure. */
function lockOf(directory: string): number | undefined {
  try {
    return statSync(join(directory, 'teal.lock'), { throwIfNoEntry: false })?.ino;
  } catch (error) {
    throw new Failure(EXIT.UNAVAILABLE, `${directory} ${unreadable(error)}`);
  }
}

function watcherOf(holder: number, directory: string): number {
  if (titleOf(holder) === CONTROL) return parentOf(holder);
  throw new Failure(
    EXIT.UNAVAILABLE,
    `the server on ${directory}, process ${holder}, is one process (dns.planes: one): restart it`,
  );
}

/** Whether some server answers whose control process is being started again. */
function isOneAway(locks: string): boolean {
  const holds = (pid: number): boolean => locks.includes(` ${pid} `);
  return processes()
    .filter((pid) => titleOf(pid) === DATA)
    .some((pid) => !childrenOf(parentOf(pid)).control.some(holds));
}

function childrenOf(server: number): Processes {
  const children = processes().filter((pid) => parentOf(pid) === server);
  const titles = new Map(children.map((pid) => [pid, titleOf(pid)]));
  const those = (are: (title: string) => boolean): number[] => children.filter((pid) => are(titles.get(pid) ?? ''));
  return {
    control: those((title) => title === CONTROL),
    data: those((title) => title === DATA),
    unnamed: those((title) => title !== CONTROL && title !== DATA && title !== ''),
  };
}

function processes(): number[] {
  return namesIn('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}

/** As ps shows it. */
function titleOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).split('\0')[0] ?? '';
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(?<parent>\d+)$/m.exec(read(`/proc/${pid}/status`))?.groups?.parent);
}

/** None of what has ended meanwhile, of what nobody may look at, or on a system without /proc. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What has ended meanwhile says nothing; nor does a system without /proc. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
