/** Debian's pebble, a certificate authority for tests, that asks our server for its challenges. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { temporaryFolder } from '../fixtures/engine.ts';
import { freePorts } from '../fixtures/free-port.ts';
import { endsWithUs } from '../fixtures/tidying.ts';

const tls = (name: string): string => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));

/** What a client must trust. */
export const authority = tls('cert.pem');

/** The URL of its directory. It keeps no authorizations and refuses no nonces, so that each run asks for all. */
export async function startPebble(t: Test, dnsPort: number): Promise<string> {
  const [port = 0, management = 0, http = 0, https = 0] = await freePorts(4);
  const file = join(temporaryFolder(t), 'pebble.json');
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    ...{ certificate: authority, privateKey: tls('key.pem'), httpPort: http, tlsPort: https },
  };
  writeFileSync(file, JSON.stringify({ pebble }));
  const words = ['-config', file, '-dnsserver', `127.0.0.1:${dnsPort}`];
  const settings = { PEBBLE_AUTHZREUSE: '0', PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' };
  const child = endsWithUs(
    spawn('pebble', words, { env: { ...process.env, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  t.teardown(() => child.kill('SIGKILL'));
  const url = `https://127.0.0.1:${port}/dir`;
  for (let tries = 0; tries < 900; tries++, await sleep(100)) if (await answers(url)) return url;
  throw new Error(`pebble does not answer:\n${output}`);
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(url, { ca: readFileSync(authority) }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).once('error', () => resolve(false));
  });
}
