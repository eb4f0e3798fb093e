/** Starting and ending a measured server: pinned to a core, in the foreground, ended by its own process id. */
import { type ChildProcess, spawn } from 'node:child_process';
import dgram from 'node:dgram';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askUdp } from '../../test/fixtures/dns-client.ts';
import { processTree } from '../cpu.ts';
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

export class RunningServer {
  readonly peer: Peer;
  readonly port: number;
  /** From the start of the process to its first answer; a million names are loaded in between. */
  readonly startSeconds: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(peer: Peer, port: number, child: ChildProcess, folder: string, startSeconds: number) {
    this.peer = peer;
    this.port = port;
    this.#child = child;
    this.#folder = folder;
    this.startSeconds = startSeconds;
  }

  static async start(peer: Peer, size: ZoneSize): Promise<RunningServer> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), `bench-${peer.name.replace(/\W/g, '-')}-`));
    const port = await freePort();
    const command = await peer.prepare({ folder, port, size });
    const log = fs.openSync(path.join(folder, 'output.log'), 'w');
    const startMs = performance.now();
    const child = spawn('taskset', ['-c', String(SERVER_CORE), ...command], { stdio: ['ignore', log, log] });
    fs.closeSync(log);
    const fail = (why: string): Error => {
      const text = fs.readFileSync(path.join(folder, 'output.log'), 'utf8');
      return new Error(`${peer.name} ${why}: ${text.slice(-2000)}`);
    };
    for (;;) {
      if (child.exitCode !== null) throw fail(`exited with code ${child.exitCode}`);
      const seconds = (performance.now() - startMs) / 1000;
      if (await answers(port)) return new RunningServer(peer, port, child, folder, seconds);
      if (seconds * 1000 > START_LIMIT_MS) {
        child.kill('SIGKILL');
        throw fail('did not answer');
      }
      await sleep(20);
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
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function answers(port: number): Promise<boolean> {
  const query = queryBytes({ name: hostName(0), type: 1, rcode: 0, answers: 1 }, 'plain');
  try {
    const reply = await askUdp('127.0.0.1', port, query, { timeoutMs: PROBE_MS });
    return reply.rcode === 0 && reply.answers.length === 1;
  } catch {
    return false;
  }
}
