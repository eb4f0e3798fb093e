/** The examples that need a server, run as they stand. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { temporaryFolder } from '../fixtures/engine.ts';
import { surroundings } from '../fixtures/environment.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';

const example = (name: string): string => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

t.test('a shift over curl is in force for every query of dig that follows', async (t) => {
  const teal = await startTeal(t.testdir({ data: {} }));
  t.teardown(() => teal.child.kill('SIGKILL'));
  const shift = (...words: string[]) =>
    spawnSync(example('shift.sh'), ['app.example.test', ...words], {
      encoding: 'utf8',
      env: {
        ...surroundings,
        ...{ TEAL_ADMIN_URL: teal.admin, TEAL_TOKEN: teal.token, TEAL_DNS: `127.0.0.1:${teal.dnsPort}` },
      },
    });
  t.match(shift('blue=0', 'green=100'), { status: 0, stdout: /"green":100[\s\S]*\n +100 192\.0\.2\.20\n$/ });
  t.match(shift('blue=1', 'green=0'), { status: 0, stdout: /"blue":1[\s\S]*\n +100 192\.0\.2\.10\n$/ });
  const refused = shift('blue=1');
  t.not(refused.status, 0);
  t.match(refused.stdout, /pools_mismatch/);
});

/** A folder with `teal` among its commands. */
function binWithTeal(t: Test): string {
  const bin = temporaryFolder(t);
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  writeFileSync(join(bin, 'teal'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
  return bin;
}

/** Runs the canary beside the server; how it ends, and what it printed. */
function canary(t: Test, teal: TealProcess, ...words: string[]) {
  const bin = binWithTeal(t);
  const env = { ...surroundings, TEAL_ADMIN_URL: teal.admin, TEAL_TOKEN: teal.token, TEAL_REASON: 'deploy 1042' };
  const child = spawn(example('canary.sh'), words, {
    env: { ...env, PATH: `${bin}:${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close').then(([code]) => ({ code, output }));
  return { child, ended };
}

t.test('a canary in a pipeline ends with 0 when all has moved, and takes back what is cancelled', async (t) => {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  const name = 'app.example.test';
  const weights = async (): Promise<unknown> => (await teal.call('GET', `/v1/services/${name}/weights`)).body.weights;
  const { code, output } = await canary(t, teal, name, 'green', '50,1s,100').ended;
  t.equal(code, 0, output);
  t.match(await weights(), { blue: 0 });
  const { body: releases } = await teal.call('GET', `/v1/services/${name}/releases`);
  t.match(releases.items, [{ state: 'completed' }]);

  const before = await weights();
  const cancelled = canary(t, teal, name, 'blue', '50,pause,100');
  let isPaused = false;
  while (!isPaused && cancelled.child.exitCode === null) {
    const { body } = await teal.call('GET', `/v1/services/${name}/releases`);
    isPaused = body.items.some(({ state }: { state: string }) => state === 'paused');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  cancelled.child.kill('SIGTERM');
  const end = await cancelled.ended;
  t.equal(end.code, 1, end.output);
  t.same(await weights(), before);
});

t.test('DNS as code: proposed it is only shown, merged it is done, and what is made by hand stays', async (t) => {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  const secrets = temporaryFolder(t);
  const run = (job: string) => {
    const path = `${binWithTeal(t)}:${process.env.PATH}`;
    const env = {
      ...surroundings,
      TEAL_ADMIN_URL: teal.admin,
      TEAL_TOKEN: teal.token,
      TEAL_REASON: 'a merge',
      PATH: path,
    };
    return spawnSync(`${example('gitops')}/pipeline.sh`, [job, secrets], { encoding: 'utf8', env });
  };
  t.match(run('propose'), { status: 0, stdout: /\n7 to make, 0 to change, 0 as declared\.\n$/ });
  t.match((await teal.call('GET', '/v1/zones/shop.example')).status, 404);
  const merged = run('merge');
  t.equal(merged.status, 0, merged.stderr);
  t.match(readFileSync(join(secrets, 'token-shop-pipeline'), 'utf8'), /^\S{30,}\n$/);
  const hand = { ttlSeconds: 60, rdata: ['192.0.2.9'] };
  t.match(await teal.call('PUT', '/v1/zones/shop.example/rrsets/hand.shop.example/A', hand), { status: 201 });
  t.match(run('merge'), { status: 0, stdout: /\n0 to make, 0 to change, 7 as declared\.\n$/ });
  t.match(await teal.call('GET', '/v1/zones/shop.example/rrsets/hand.shop.example/A'), { status: 200 });
});
