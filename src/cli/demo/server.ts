/** A server of its own for the demonstration: in a folder that goes with it, on ports that the kernel chooses. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../exit.ts';
import { Failure } from '../failure.ts';

const MAIN = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../main.ts' : '../../main.js', import.meta.url),
);
/** The gate is asked on this machine, which probes may not reach unless settings say so. */
const SETTINGS = 'probes:\n  allow: [127.0.0.0/8]\n';

export interface DemoServer {
  readonly admin: string;
  readonly token: string;
  readonly dns: { readonly address: string; readonly port: number };
  stop(): Promise<void>;
}

export async function startDemoServer(env: Readonly<Record<string, string | undefined>>): Promise<DemoServer> {
  const folder = mkdtempSync(join(tmpdir(), 'teal-demo-'));
  writeFileSync(join(folder, 'teal.yaml'), SETTINGS);
  // What is set for a server of the user's is not meant for this one.
  const others = Object.entries(env).filter(([name]) => !name.startsWith('TEAL_'));
  const child = spawn(process.execPath, [...process.execArgv, MAIN, 'serve'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...Object.fromEntries(others),
      TEAL_CONFIG: join(folder, 'teal.yaml'),
      TEAL_DATA_DIR: folder,
      TEAL_DNS_LISTEN: '127.0.0.1:0',
      TEAL_DNS_WORKERS: '1',
      TEAL_ADMIN_LISTEN: '127.0.0.1:0',
      TEAL_LOG_LEVEL: 'info',
    },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const ready = await untilReady(child, ended);
  if (ready === undefined) {
    await stop();
    throw new Failure(EXIT.UNAVAILABLE, 'the server of the demonstration did not start');
  }
  const [first = ''] = ready.dns;
  const port = Number(first.slice(first.lastIndexOf(':') + 1));
  const token = readFileSync(join(folder, 'admin.token'), 'utf8').trim();
  return { admin: ready.admin, token, dns: { address: '127.0.0.1', port }, stop };
}

interface Ready {
  readonly admin: string;
  readonly dns: readonly string[];
}

/** undefined: it ended before. */
function untilReady(child: ChildProcess, ended: Promise<void>): Promise<Ready | undefined> {
  return new Promise((resolve) => {
    void ended.then(() => resolve(undefined));
    child.stderr?.resume();
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const event = JSON.parse(line) as Partial<Ready> & { msg?: string };
      if (event.msg === 'ready' && event.admin && event.dns) resolve({ admin: event.admin, dns: event.dns });
    });
  });
}
