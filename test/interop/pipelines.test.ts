/** The examples for pipelines and for controllers in Kubernetes: their commands run as they stand, their paths lead to what is there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { temporaryFolder } from '../fixtures/engine.ts';
import { surroundings } from '../fixtures/environment.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { soon } from '../fixtures/soon.ts';

const example = (name: string): string => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const project = fileURLToPath(new URL('../..', import.meta.url));
const SERVICE = 'app.example.test';

async function start(t: Test): Promise<TealProcess> {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  return teal;
}

/** Runs words with these variables; how they ended, and what they printed. */
function run(t: Test, words: readonly string[], env: Record<string, string>) {
  const child = spawn(words[0] as string, words.slice(1), {
    ...{ cwd: project, env: { ...surroundings, TEAL_POLL_SECONDS: '0.1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  });
  t.teardown(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text));
  return { child, ended: once(child, 'close').then(([code]) => ({ code, output })) };
}

/**
 * Runs the script through a server that hands the request on, and has the job cancelled before the reply goes back: the
 * script alone (as `kill` does), or its whole group (as terminals and runners do), curl with it.
 */
async function cancelledOnTheWay(
  t: Test,
  teal: TealProcess,
  body: object,
  env: Record<string, string>,
  group: boolean,
) {
  let isCancelled = false;
  let cancel = (): void => {};
  const between = http.createServer(async (request, response) => {
    const text = (await request.toArray()).join('');
    const { host: _, ...headers } = request.headers;
    const reply = await fetch(`${teal.admin}${request.url}`, {
      ...{ method: request.method ?? 'GET', headers: headers as Record<string, string> },
      ...(text === '' ? {} : { body: text }),
    });
    if (!isCancelled) cancel();
    isCancelled = true;
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(await reply.text());
  });
  await once(between.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => between.close());
  const url = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
  const words = [example('release.sh'), SERVICE, JSON.stringify(body)];
  const { child, ended } = run(t, group ? ['setsid', ...words] : words, { ...env, TEAL_ADMIN_URL: url });
  cancel = () => process.kill(group ? -(child.pid as number) : (child.pid as number), 'SIGTERM');
  return ended;
}

const weights = async (teal: TealProcess) => (await teal.call('GET', `/v1/services/${SERVICE}/weights`)).body.weights;
const releases = async (teal: TealProcess) => (await teal.call('GET', `/v1/services/${SERVICE}/releases`)).body.items;

t.test('a release by curl alone: to its end, refused, aborted, cancelled, and never twice', async (t) => {
  const teal = await start(t);
  const env = { TEAL_ADMIN_URL: teal.admin, TEAL_TOKEN: teal.token, TEAL_KEY: 'run-1' };
  const release = (body: object, more: Record<string, string> = {}) =>
    run(t, [example('release.sh'), SERVICE, JSON.stringify(body)], { ...env, ...more });
  const steps = [{ setWeight: 50 }, { pause: { duration: '1s' } }, { setWeight: 100 }];
  const done = await release({ to: 'green', steps }).ended;
  t.equal(done.code, 0, done.output);
  t.match(done.output, /completed: /);
  t.match(await weights(teal), { blue: 0 });
  const again = await release({ to: 'green', steps }).ended;
  t.equal(again.code, 0, again.output);
  t.equal((await releases(teal)).length, 1, 'sent again under its key, it is the same one');
  const refused = await release({ to: 'red', steps }, { TEAL_KEY: 'run-2' }).ended;
  t.equal(refused.code, 1);
  t.match(refused.output, /pool_unknown/);

  const before = await weights(teal);
  const paused = () =>
    soon(t).ok(
      async () => (await releases(teal)).some(({ state }: { state: string }) => state === 'paused'),
      'it waits',
    );
  const toPause = { to: 'blue', steps: [{ setWeight: 50 }, { pause: {} }, { setWeight: 100 }] };
  const cancelled = release(toPause, { TEAL_KEY: 'run-3' });
  await paused();
  cancelled.child.kill('SIGTERM');
  t.match(await cancelled.ended, { code: 1 });
  t.same(await weights(teal), before, 'taken back');

  // As soon as the server has it: the script does not know its release yet.
  for (const [key, hasGroup] of [
    ['run-5', false],
    ['run-6', true],
  ] as const) {
    const early = await cancelledOnTheWay(t, teal, toPause, { ...env, TEAL_KEY: key }, hasGroup);
    t.match(early, { code: 1 }, key);
    t.same(await weights(teal), before, `${key}: taken back`);
  }

  const aborted = release(toPause, { TEAL_KEY: 'run-4' });
  await paused();
  const [{ id }] = (await releases(teal)).filter(({ state }: { state: string }) => state === 'paused');
  await teal.call('POST', `/v1/services/${SERVICE}/releases/${id}/abort`);
  const { code, output } = await aborted.ended;
  t.equal(code, 1);
  t.match(output, /aborted: /);
});

t.test('the action for GitHub and the job for GitLab', async (t) => {
  const teal = await start(t);
  const body = (to: string) => JSON.stringify({ to, preset: 'AllAtOnce' });
  const action = parse(readFileSync(join(example('github-action'), 'action.yml'), 'utf8'));
  t.equal(action.runs.using, 'composite');
  const [step, ...more] = action.runs.steps;
  t.same([more.length, step.shell], [0, 'sh']);
  t.notMatch(step.run, '${{', 'no input is in the text of the command');
  const inputs: Record<string, string> = {
    ...{ url: teal.admin, token: teal.token, service: SERVICE, release: body('green') },
  };
  const used = new Set<string>();
  const filled = Object.entries(step.env as Record<string, string>).map(([name, text]) => {
    const value = text.replace(/\$\{\{ (inputs|github)\.(\w+) \}\}/g, (_, from: string, key: string) => {
      if (from === 'github') return '1234';
      used.add(key);
      return inputs[key] ?? 'no such input';
    });
    return [name, value];
  });
  t.same([...used].sort(), Object.keys(action.inputs).sort(), 'each input is used, and none else');
  const env = { ...Object.fromEntries(filled), GITHUB_ACTION_PATH: example('github-action') };
  const onGithub = await run(t, ['sh', '-e', '-c', step.run], env).ended;
  t.equal(onGithub.code, 0, onGithub.output);
  t.match(await weights(teal), { blue: 0 });

  const { release: job } = parse(readFileSync(example('gitlab-ci.yml'), 'utf8'));
  const ours = { TEAL_ADMIN_URL: teal.admin, TEAL_SERVICE: SERVICE, TEAL_RELEASE: body('blue') };
  t.same(
    Object.keys(ours).filter((name) => job.variables[name] === undefined),
    [],
  );
  t.match(JSON.parse(job.variables.TEAL_RELEASE), { to: 'green' });
  const variables = { ...job.variables, ...ours, TEAL_TOKEN: teal.token };
  const onGitlab = await run(t, ['sh', '-e', '-c', job.script.join('\n')], variables).ended;
  t.equal(onGitlab.code, 0, onGitlab.output);
  t.match(await weights(teal), { green: 0 });
  const actors = (await teal.call('GET', '/v1/revisions?order=newest&limit=50')).body.items;
  t.ok(
    actors.some(({ reason = '' }) => /^run 1234 of 1234, 1234$/.test(reason)),
    'it says why',
  );
});

t.test('Argo Rollouts and Flagger ask whether the old pool is drained', async (t) => {
  const teal = await start(t);
  const token = (await teal.call('POST', '/v1/tokens', { name: 'argo', scope: 'read', services: [SERVICE] })).body
    .secret;
  const { spec } = parse(readFileSync(example('argo-rollouts.yaml'), 'utf8'));
  const [metric] = spec.metrics;
  const args: Record<string, string> = { service: SERVICE, pool: 'blue', token };
  t.same(spec.args.map(({ name }: { name: string }) => name).sort(), Object.keys(args).sort());
  const fill = (text: string): string => text.replace(/\{\{args\.(\w+)\}\}/g, (_, key: string) => args[key] ?? '');
  const { url, headers, jsonPath } = metric.provider.web;
  const asked = new URL(fill(url));
  const path = /^\{\$\.([\w.]+)\}$/.exec(fill(jsonPath))?.[1]?.split('.') ?? [];
  const argo = async (): Promise<unknown> => {
    const sent = headers.map(({ key, value }: { key: string; value: string }) => [key, fill(value)]);
    const reply = await fetch(`${teal.admin}${asked.pathname}`, { headers: sent });
    t.equal(reply.status, 200);
    return path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], await reply.json());
  };
  const canary = parse(readFileSync(example('flagger.yaml'), 'utf8'));
  const [gate] = canary.spec.analysis.webhooks;
  t.match(gate, { type: 'confirm-promotion', metadata: { type: 'bash' } });
  const file = join(temporaryFolder(t), 'token');
  writeFileSync(file, token);
  const command = gate.metadata.cmd
    .replace('/etc/teal/token', file)
    .replace('https://teal.example.com:8053', teal.admin)
    .replace('app.example.com', SERVICE);
  const flagger = async () => (await run(t, ['bash', '-c', command], {}).ended).code;

  t.equal(metric.successCondition, 'result == true');
  t.equal(await argo(), false, 'blue has weight');
  t.not(await flagger(), 0);
  await teal.call('PUT', `/v1/services/${SERVICE}/weights`, { blue: 0, green: 100 });
  await soon(t).equal(argo, true, 'drained, by and by');
  t.equal(await flagger(), 0, 'drained');
});
