/** A real Prometheus that scrapes a Teal and evaluates the alert rules, each second. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { stringify } from 'yaml';
import { temporaryFolder } from '../fixtures/engine.ts';
import { RULES } from '../fixtures/monitoring.ts';
import type { TealProcess } from '../fixtures/process.ts';
import { endsWithUs } from '../fixtures/tidying.ts';

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
  readonly activeAt: string;
}

/** More than any busy machine needs for a scrape and an evaluation. */
const PATIENCE_MS = 240_000;
const POLL_MS = 250;

export class PrometheusServer {
  readonly #child: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#url = url;
  }

  /** `extra`: rules that stand in the same group, after those of Teal, so that both are evaluated together. */
  static async start(
    t: Test,
    teal: TealProcess,
    extra: readonly { alert: string; expr: string }[],
  ): Promise<PrometheusServer> {
    const folder = temporaryFolder(t);
    // As they are shipped, but that nothing is waited for.
    const rules = readFileSync(RULES, 'utf8').replaceAll(/^( +for:) \d+[mh]$/gm, '$1 0s');
    const more = extra.map((rule) => `      - ${JSON.stringify(rule)}\n`);
    writeFileSync(join(folder, 'teal.rules.yml'), `${rules}${more.join('')}`);
    writeFileSync(join(folder, 'token'), teal.token);
    const settings = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['teal.rules.yml'],
      scrape_configs: [
        {
          job_name: 'teal',
          authorization: { credentials_file: 'token' },
          static_configs: [{ targets: [new URL(teal.admin).host] }],
        },
      ],
    };
    writeFileSync(join(folder, 'prometheus.yml'), stringify(settings));
    const child = endsWithUs(
      spawn(
        'prometheus',
        [
          `--config.file=${join(folder, 'prometheus.yml')}`,
          `--storage.tsdb.path=${join(folder, 'data')}`,
          ...['--web.listen-address=127.0.0.1:0', '--log.format=json'],
        ],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      ),
    );
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    t.teardown(async () => {
      child.kill('SIGKILL');
      await exited;
    });
    const address = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      const last: string[] = [];
      createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
        last.splice(0, last.length - 20, line);
        const { msg, address } = JSON.parse(line) as { msg: string; address?: string };
        if (msg === 'Listening on') resolve(address as string);
      });
      child.once('exit', (code) => reject(new Error(`prometheus ended with ${code}: ${last.join('\n')}`)));
    });
    const server = new PrometheusServer(child, `http://${address}`);
    // It listens before it answers.
    const ready = async () => (await fetch(`http://${address}/-/ready`)).ok;
    await server.until(ready, (isReady) => isReady);
    return server;
  }

  /** The alerts of that name that are active now. */
  async alerts(name: string): Promise<Alert[]> {
    const { alerts } = await this.#get<{ alerts: Alert[] }>('/api/v1/alerts');
    return alerts.filter(({ labels }) => labels.alertname === name);
  }

  /** The values of the series that an expression selects now. */
  async values(expression: string): Promise<number[]> {
    const { result } = await this.#get<{ result: { value: [number, string] }[] }>(
      `/api/v1/query?query=${encodeURIComponent(expression)}`,
    );
    return result.map(({ value }) => Number(value[1]));
  }

  /** Reads again and again, until it is as it should be; a connection may be closed as a request goes out on it. */
  async until<Found>(read: () => Promise<Found>, isThere: (found: Found) => boolean): Promise<Found> {
    const endMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = await read().catch((error: Error) => error);
      if (!(found instanceof Error) && isThere(found)) return found;
      const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null;
      if (hasEnded || performance.now() > endMs) {
        const last = found instanceof Error ? found : JSON.stringify(found);
        throw new Error(`it never came to that: ${last}`, { cause: found });
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #get<Data>(path: string): Promise<Data> {
    if (this.#child.exitCode !== null) throw new Error(`prometheus ended with ${this.#child.exitCode}`);
    const reply = await fetch(`${this.#url}${path}`);
    const { status, data, error } = (await reply.json()) as { status: string; data: Data; error?: string };
    if (status !== 'success') throw new Error(`${path}: ${error}`);
    return data;
  }
}
