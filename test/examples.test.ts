/** The examples that need no server, run as they stand; the others are in test/interop/examples.test.ts. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { Compile } from 'typebox/schema';
import { parse } from 'yaml';
import { headersFor } from '../src/control/webhooks/message.ts';
import { ACTION, ANALYSIS_TEMPLATE, CANARY, GITLAB_JOBS } from './fixtures/controllers.ts';
import { surroundings } from './fixtures/environment.ts';

const example = (name: string): string => fileURLToPath(new URL(`../examples/${name}`, import.meta.url));

t.test('every example is in the list, and every one is run by a test', async (t) => {
  const list = readFileSync(example('README.md'), 'utf8');
  const tests = [
    'examples.test.ts',
    'interop/examples.test.ts',
    'interop/blue-green.test.ts',
    'interop/certificates.test.ts',
    'interop/pipelines.test.ts',
    'kubernetes.test.ts',
  ].map((name) => readFileSync(new URL(name, import.meta.url), 'utf8'));
  const names = readdirSync(example('')).filter((name) => name !== 'README.md');
  t.ok(names.length >= 3);
  for (const name of names) {
    const links = [`](${name})`, `](${name}/README.md)`, `](${name}/action.yml)`];
    t.ok(
      links.some((link) => list.includes(link)),
      `${name} is in the list`,
    );
    t.ok(
      tests.some((text) => text.includes(`example('${name}')`)),
      `${name} is run`,
    );
  }
});

t.test(
  'the examples for controllers and pipelines have the shape that those take, and nothing that they would drop',
  async (t) => {
    const shapes = [
      ['argo-rollouts.yaml', ANALYSIS_TEMPLATE, 'successConditions: result == true\n      successCondition:'],
      ['flagger.yaml', CANARY, 'kind: confirm-promotion\n        type:'],
      ['github-action/action.yml', ACTION, 'shel: sh\n      shell:'],
      ['gitlab-ci.yml', GITLAB_JOBS, 'stages: deploy\n  stage:'],
    ] as const;
    for (const [name, shape, wrong] of shapes) {
      const written = readFileSync(example(name), 'utf8');
      const check = Compile(shape);
      t.ok(check.Check(parse(written)), name, { errors: check.Errors(parse(written)) });
      // This check can fail: a member that nobody knows, and one that is gone.
      const key = wrong.slice(wrong.lastIndexOf('\n') + 1).trim();
      t.ok(written.includes(key));
      t.notOk(check.Check(parse(written.replace(key, wrong))), `${name} with another member`);
    }
    const without = parse(readFileSync(example('argo-rollouts.yaml'), 'utf8'));
    delete without.spec.metrics[0].provider.web.url;
    t.notOk(Compile(ANALYSIS_TEMPLATE).Check(without));
  },
);

t.test('a receiver of webhooks takes what is genuine, each once, and nothing else', async (t) => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const child = spawn(process.execPath, [example('webhook-receiver.mjs')], {
    env: { ...surroundings, TEAL_WEBHOOK_SECRET: secret, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const [, url = ''] = /(http:\S+)/.exec((await lines.next()).value ?? '') ?? [];
  const send = async (
    id: string,
    revision: number,
    change: (headers: Record<string, string>) => object = () => ({}),
  ) => {
    const body = JSON.stringify({ type: 'on-revision', timestamp: '2026-11-28T12:00:00.000Z', data: { revision } });
    const headers = headersFor({ secret }, { id, body }, Date.now());
    const { status } = await fetch(url, { method: 'POST', body, headers: { ...headers, ...change(headers) } });
    return status;
  };
  t.equal(await send('msg_1', 17), 204);
  t.equal(await send('msg_1', 17), 204, 'sent again');
  t.equal(await send('msg_2', 18, () => ({ 'webhook-signature': 'v1,AAAA' })), 401);
  t.equal(await send('msg_2', 18, () => ({ 'webhook-id': 'msg_9' })), 401, 'the id is signed too');
  t.equal(await send('msg_2', 18, () => ({ 'webhook-timestamp': 'soon' })), 401);
  t.equal((await fetch(url, { method: 'POST', body: '{}' })).status, 401);
  t.equal(await send('msg_3', 19), 204);
  const told = [(await lines.next()).value, (await lines.next()).value];
  t.same(told, [
    '2026-11-28T12:00:00.000Z on-revision: revision 17',
    '2026-11-28T12:00:00.000Z on-revision: revision 19',
  ]);
});
