/** docs/certificates.md: certbot with a hook of one curl, and npm's acme-client, get a certificate for a name and its wildcard. */
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { temporaryFolder } from '../fixtures/engine.ts';
import { surroundings, withoutTap } from '../fixtures/environment.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { blocksOf, holdsInOrder, type } from './pages.ts';
import { authority, startPebble } from './pebble.ts';

const example = (name: string): string => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

const page = 'docs/certificates.md';
const ZONE = 'example.com';
const NAME = 'shop.example.com';
const CHALLENGE = '_acme-challenge.shop.example.com';

/** Of a name and its wildcard. */
function isOfBoth(t: Test, pem: string): void {
  t.equal(new X509Certificate(pem).subjectAltName?.split(', ').sort().join(' '), `DNS:*.${NAME} DNS:${NAME}`);
}

/** Every change of the challenge, and that nothing of it is left. */
async function isTidy(t: Test, teal: TealProcess): Promise<void> {
  t.equal((await teal.call('GET', `/v1/zones/${ZONE}/rrsets/${CHALLENGE}/TXT`)).status, 404, 'the challenges are gone');
  const { body } = await teal.call('GET', '/v1/revisions?order=newest&limit=4');
  t.same(
    body.items.map(({ actor, reason }: { actor: string; reason: string }) => `${actor}: ${reason}`),
    Array.from({ length: 4 }, () => 'certificates: a certificate'),
    'two added and two taken away, and by whom',
  );
}

t.test('the page, typed: a token, and certbot with a hook of one curl', async (t) => {
  const folder = temporaryFolder(t);
  const teal = await startTeal(join(folder, 'data'));
  t.teardown(() => teal.child.kill('SIGKILL'));
  symlinkSync(example(''), join(folder, 'examples'));
  const hook = readFileSync(example('certbot.sh'), 'utf8').replaceAll(/^#.*\n/gm, '');
  t.equal(hook.match(/\bcurl\b/g)?.length, 1, 'one curl');
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  writeFileSync(join(folder, 'teal'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
  // What a machine that has certbot says once: where the authority is, and where the certificates go.
  const settings = join(folder, '.config/letsencrypt');
  mkdirSync(settings, { recursive: true });
  const lines = [
    `server = ${await startPebble(t, teal.dnsPort)}`,
    ...['config', 'work', 'logs'].map((what) => `${what}-dir = ${join(folder, 'letsencrypt')}`),
    ...['agree-tos = true', 'register-unsafely-without-email = true', 'non-interactive = true'],
  ];
  writeFileSync(join(settings, 'cli.ini'), `${lines.join('\n')}\n`);
  const steps = blocksOf(readFileSync(page, 'utf8'), 'sh acme').flatMap((block) => block.steps);
  t.ok(steps.length >= 4);
  const here = (command: string): string => command.replaceAll('http://127.0.0.1:8053', teal.admin);
  const outputs = type(
    steps.map(({ command, expected }) => ({ command: here(command), expected })),
    folder,
    {
      ...{ PATH: `${folder}:${process.env.PATH}`, HOME: folder, XDG_CONFIG_HOME: join(folder, '.config') },
      ...{ TEAL_ADMIN_URL: teal.admin, REQUESTS_CA_BUNDLE: authority, NODE_OPTIONS: '' },
    },
  );
  for (const [at, { command, expected }] of steps.entries())
    t.ok(holdsInOrder(outputs[at] ?? '', expected), command, { output: outputs[at], expected });
  t.equal(outputs.length, steps.length + 1, 'all were typed: none has failed', { output: outputs.at(-1) });
  isOfBoth(t, readFileSync(join(folder, `letsencrypt/live/${NAME}/cert.pem`), 'utf8'));
  await isTidy(t, teal);
});

t.test("npm's acme-client", async (t) => {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  const zone = { nameservers: ['ns1.example.com'], hostmaster: 'hostmaster.example.com' };
  await teal.call('PUT', `/v1/zones/${ZONE}`, zone);
  const made = await teal.call('POST', '/v1/tokens', {
    ...{ name: 'certificates', scope: 'records', zones: [ZONE], names: ['_acme-challenge.*'], types: ['TXT'] },
  });
  t.equal(made.status, 201);
  const directory = await startPebble(t, teal.dnsPort);
  const run = async (token: string) => {
    const [command = '', ...words] = [...withoutTap, process.execPath, example('acme-client.mjs'), NAME];
    const env = { TEAL_ADMIN_URL: teal.admin, TEAL_TOKEN: token, TEAL_ZONE: ZONE };
    const child = spawn(command, words, {
      env: { ...surroundings, ...env, ACME_DIRECTORY: directory, NODE_EXTRA_CA_CERTS: authority },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    const [code] = await once(child, 'close');
    return { code, output };
  };
  const { code, output } = await run(made.body.secret);
  t.equal(code, 0, output);
  isOfBoth(t, output.slice(output.indexOf('-----BEGIN CERTIFICATE')));
  await isTidy(t, teal);
  t.not((await run('teal_wrong')).code, 0, 'without its token there is no certificate');
});
