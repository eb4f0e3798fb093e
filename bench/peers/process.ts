/** Starting and ending a measured server: pinned to a core, in the foreground, ended by its own process id. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import dgram from 'node:dgram';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askUdp } from '../../test/fixtures/dns-client.ts';
import { endsWithUs, processTree, tidied } from '../../test/fixtures/tidying.ts';
import { hostName, queryBytes, type ZoneSize } from '../workload.ts';
import type { Peer } from './peer.ts';

/** The load runs on the other one. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;
/** A million names take their time. */
const START_LIMIT_MS = 180_000;
const STOP_LIMIT_MS = 10_000;
/** How long a server that may not be up yet is waited for at each look, on which the exactness of its start depends. */
const PROBE_MS = 20;

/** A UDP port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const socket = dgram.createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** Where a server runs. */
export interface Place {
  readonly core: number;
  readonly address: string;
  readonly port: number;
  /** The network interface that it is to serve by AF_XDP. */
  readonly xdp?: string;
  /** Words before its command. */
  readonly wrapper?: readonly string[];
}

/** Of a server's files, and how it is taken away. */
interface Folder {
  readonly path: string;
  readonly remove: () => void;
}

export class RunningServer {
  readonly peer: Peer;
  readonly address: string;
  readonly port: number;
  /** From the start of the process to its first answer; a million names are loaded in between. */
  readonly startSeconds: number;
  readonly #core: number;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #removeFolder: () => void;

  private constructor(peer: Peer, place: Place, child: ChildProcess, folder: Folder, startSeconds: number) {
    this.peer = peer;
    this.address = place.address;
    this.port = place.port;
    this.#core = place.core;
    this.#child = child;
    this.#folder = folder.path;
    this.#removeFolder = folder.remove;
    this.startSeconds = startSeconds;
  }

  /** At loopback, if nothing else is said. Throws where it does not come to answer, with what it has printed. */
  static async start(peer: Peer, size: ZoneSize, place?: Place): Promise<RunningServer> {
    const there = place ?? { core: SERVER_CORE, address: '127.0.0.1', port: await freePort() };
    const { core, address, port, xdp, wrapper = [] } = there;
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), `bench-${peer.name.replace(/\W/g, '-')}-`));
    const remove = tidied(() => fs.rmSync(folder, { recursive: true, force: true }));
    const command = await peer.prepare({ folder, address, port, size, ...(xdp === undefined ? {} : { xdp }) });
    const log = fs.openSync(path.join(folder, 'output.log'), 'w');
    const startMs = performance.now();
    const [program, ...words] = [...wrapper, 'taskset', '-c', String(core), ...command];
    const child = endsWithUs(spawn(program, words, { stdio: ['ignore', log, log] }));
    fs.closeSync(log);
    for (;;) {
      const seconds = (performance.now() - startMs) / 1000;
      const server = new RunningServer(peer, there, child, { path: folder, remove }, seconds);
      if (child.exitCode === null && (await answers(there))) {
        server.#putOnCore();
        return server;
      }
      if (child.exitCode !== null || seconds * 1000 > START_LIMIT_MS) {
        const { output } = server;
        await server.stop();
        const why = child.exitCode === null ? 'did not answer' : `exited with code ${child.exitCode}`;
        throw new Error(`${peer.name} ${why}: ${output.slice(-2000)}`);
      }
      await sleep(PROBE_MS);
    }
  }

  /** Knot's threads tie themselves to cores by their numbers, whatever they were given: some would run beside the load. */
  #putOnCore(): void {
    for (const { thread, status } of this.#strayed()) {
      try {
        execFileSync('taskset', ['-p', '-c', String(this.#core), thread], { stdio: 'pipe' });
      } catch (error) {
        if (allowedCores(status) !== undefined) throw error;
      }
    }
  }

  /** What is wrong with where it runs; undefined: nothing. */
  get coreFault(): string | undefined {
    const [stray] = this.#strayed();
    return stray && `a thread may run on core ${stray.cores}, and not on ${this.#core} alone`;
  }

  *#strayed(): Generator<{ readonly thread: string; readonly cores: string; readonly status: string }> {
    for (const pid of this.pids) {
      for (const thread of threadsOf(pid)) {
        const status = `/proc/${pid}/task/${thread}/status`;
        const cores = allowedCores(status);
        if (cores !== undefined && cores !== String(this.#core)) yield { thread, cores, status };
      }
    }
  }

  /** What the server has printed so far. */
  get output(): string {
    return fs.readFileSync(path.join(this.#folder, 'output.log'), 'utf8');
  }

  get pids(): number[] {
    return processTree(this.#child.pid as number);
  }

  /** Ends the process and what it has started, and removes its files. */
  async stop(): Promise<void> {
    const pids = this.pids;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGTERM');
      await Promise.race([exited, sleep(STOP_LIMIT_MS)]);
    }
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    this.#removeFolder();
  }
}

/** Numbers of a process's threads; none: it has just ended. */
function threadsOf(pid: number): string[] {
  try {
    return fs.readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** As the kernel lists them (proc_pid_status(5)); undefined: the thread has just ended. */
function allowedCores(status: string): string | undefined {
  try {
    return /^Cpus_allowed_list:\s+(\S+)/m.exec(fs.readFileSync(status, 'latin1'))?.[1];
  } catch {
    return undefined;
  }
}

async function answers({ address, port }: Place): Promise<boolean> {
  const query = queryBytes({ name: hostName(0), type: 1, rcode: 0, answers: 1 }, 'plain');
  try {
    const reply = await askUdp(address, port, query, { timeoutMs: PROBE_MS });
    return reply.rcode === 0 && reply.answers.length === 1;
  } catch {
    return false;
  }
}
