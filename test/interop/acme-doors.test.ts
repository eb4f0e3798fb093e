/** docs/acme.md, typed: Debian's lego gets a certificate for a name and its wildcard by httpreq, and curl an account of acme-dns. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal } from '../fixtures/process.ts';
import { blocksOf, holdsInOrder, type } from './pages.ts';
import { authority, startPebble } from './pebble.ts';

t.test('the page, typed', async (t) => {
  const folder = temporaryFolder(t);
  const doors = {
    TEAL_DOORS_HTTPREQ_ENABLED: 'true',
    TEAL_DOORS_ACME_DNS_ENABLED: 'true',
    TEAL_DOORS_ACME_DNS_ZONE: 'acme.example.com',
  };
  const teal = await startTeal(join(folder, 'data'), { env: doors });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  writeFileSync(join(folder, 'teal'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
  const directory = await startPebble(t, teal.dnsPort);
  const steps = blocksOf(readFileSync('docs/acme.md', 'utf8'), 'sh acme-doors').flatMap((block) => block.steps);
  t.ok(steps.length >= 12);
  const here = (command: string): string =>
    command
      .replaceAll('http://127.0.0.1:8053', teal.admin)
      .replaceAll('-p 5300', `-p ${teal.dnsPort}`)
      // The authority of this test in the place of the world's.
      .replace(/^lego /, `lego --server ${directory} --path ${join(folder, 'lego')} `);
  const outputs = type(
    steps.map(({ command, expected }) => ({ command: here(command), expected })),
    folder,
    {
      ...{ PATH: `${folder}:${process.env.PATH}`, HOME: folder, NODE_OPTIONS: '' },
      ...{ TEAL_ADMIN_URL: teal.admin, LEGO_CA_CERTIFICATES: authority },
    },
  );
  for (const [at, { command, expected }] of steps.entries())
    t.ok(holdsInOrder(outputs[at] ?? '', expected), command, { output: outputs[at], expected });
  t.equal(outputs.length, steps.length + 1, 'all were typed: none has failed', { output: outputs.at(-1) });

  const pem = readFileSync(join(folder, 'lego/certificates/shop.example.com.crt'), 'utf8');
  const names = new X509Certificate(pem).subjectAltName?.split(', ').sort();
  t.same(names, ['DNS:*.shop.example.com', 'DNS:shop.example.com']);
  const { body } = await teal.call('GET', '/v1/revisions');
  const ofLego = body.items.filter(({ actor }: { actor: string }) => actor === 'acme:lego');
  t.equal(ofLego.length, 4, 'two added and two taken away');
});
