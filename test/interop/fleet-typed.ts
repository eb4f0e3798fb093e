/** Nodes of a fleet that are started and ended by hand, with one member of etcd whose data may be lost or put back. */
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type } from '../cli/typed.ts';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { startEtcd } from './etcd.ts';
import { isLive, until } from './fleet.ts';

export const SERVICE = '/v1/services/app.example.test';

/** The settings of a node of the fleet `production`, as variables of its surroundings. */
export function nodeEnv({ endpoints }: { readonly endpoints: readonly string[] }, name: string) {
  return {
    TEAL_FLEET_NAME: 'production',
    TEAL_FLEET_NODE: name,
    TEAL_FLEET_ENDPOINTS: endpoints.join(','),
    TEAL_FLEET_STALE_AFTER_SECONDS: '3',
    TEAL_ADMIN_TOKEN: 'a9f3c0d7e5b24816-fleet-own',
  };
}

export async function makeFleet(t: Test) {
  const etcd = await startEtcd(1);
  t.teardown(() => etcd.stop());
  const folder = temporaryFolder(t);
  const running = new Map<string, TealProcess>();
  t.teardown(() => Promise.all([...running.values()].map((teal) => teal.end('SIGKILL'))));
  const envOf = (name: string) => nodeEnv(etcd, name);
  const dataOf = (name: string): string => join(folder, name);
  const node = (name: string): TealProcess => running.get(name) as TealProcess;
  const start = async (name: string): Promise<void> => {
    running.set(name, await startTeal(dataOf(name), { env: envOf(name) }));
  };
  const end = async (name: string): Promise<void> => {
    await node(name).end('SIGTERM');
    running.delete(name);
  };
  /** `teal` on a node, as its user types it. */
  const typed = (name: string, command: string, env: Record<string, string> = {}) =>
    type(command.split(' '), {
      env: {
        ...envOf(name),
        TEAL_DATA_DIR: dataOf(name),
        TEAL_ADMIN_URL: running.get(name)?.admin ?? '',
        TEAL_TOKEN: envOf(name).TEAL_ADMIN_TOKEN,
        ...env,
      },
    });
  const live = (name: string): Promise<void> => until(`${name} is live`, () => isLive(node(name)));
  const shift = async (name: string, green: number): Promise<number> => {
    const { status, body } = await node(name).call('PUT', `${SERVICE}/weights`, { blue: 100 - green, green });
    t.equal(status, 200, JSON.stringify(body));
    return body.revision;
  };
  const greenAt = async (name: string): Promise<number> =>
    (await node(name).call('GET', `${SERVICE}/weights`)).body.weights.green;
  const answers = async (name: string): Promise<number> => {
    const query = buildQuery({ name: 'app.example.test', type: 'A' });
    return (await askUdp('127.0.0.1', node(name).dnsPort, query)).answers.length;
  };
  /** Something is done to etcd's data directory meanwhile. */
  const withoutEtcd = async (work: (directory: string) => void): Promise<void> => {
    const words = readFileSync(`/proc/${etcd.pid(0)}/cmdline`, 'utf8').split('\0');
    await etcd.kill(0);
    work(words[words.indexOf('--data-dir') + 1] as string);
    etcd.start(0);
    await etcd.ready();
  };
  const wipe = (): Promise<void> => withoutEtcd((directory) => rmSync(directory, { recursive: true }));
  const saved = join(folder, 'etcd');
  const save = (): Promise<void> => withoutEtcd((directory) => cpSync(directory, saved, { recursive: true }));
  const putBack = (): Promise<void> =>
    withoutEtcd((directory) => {
      rmSync(directory, { recursive: true });
      cpSync(saved, directory, { recursive: true });
    });
  return { wipe, save, putBack, dataOf, node, start, end, typed, live, shift, greenAt, answers };
}
