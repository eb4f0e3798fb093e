/** docs/proxy.md: what it has people write for nginx and haproxy leads to the console, takes a large zone file, and tells of events at once. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { buildConsole } from '../../src/console/build.ts';
import { freePort } from '../fixtures/free-port.ts';
import { startTeal } from '../fixtures/process.ts';
import { comesTo } from '../fixtures/soon.ts';
import { endsWithUs } from '../fixtures/tidying.ts';

const page = readFileSync('docs/proxy.md', 'utf8');
const block = (name: string): string =>
  new RegExp(`^\`\`\`${name}\\n(?<text>.*?)^\`\`\``, 'ms').exec(page)?.groups?.text ?? '';
const NAME = 'teal.example.com';
const tls = (file: string): string => join(import.meta.dirname, '../fixtures/tls', file);
/** More than the megabyte that nginx takes by itself. */
const RECORDS = 40_000;
const zone = ['@ 60 IN SOA ns1 h 1 7200 3600 1209600 60', '@ NS ns1', 'ns1 A 192.0.2.53']
  .concat(Array.from({ length: RECORDS }, (_, at) => `host-number-${at} 60 A 192.0.2.1`))
  .join('\n');

await buildConsole();
const teal = await startTeal(t.testdir(), { env: { TEAL_ADMIN_HOSTS: NAME } });
t.teardown(() => teal.child.kill('SIGKILL'));
const backend = new URL(teal.admin).host;

interface Reply {
  readonly status: number | undefined;
  /** As far as it came by then: a stream does not end. */
  text(): string;
}

function ask(
  port: number,
  path: string,
  options: { method?: string; token?: string; body?: string } = {},
): Promise<Reply> {
  const { method = 'GET', token, body } = options;
  const type = body === undefined ? {} : { 'content-type': 'text/dns' };
  const headers = { ...type, host: NAME, ...(token && { authorization: `Bearer ${token}` }) };
  return new Promise((resolve, reject) => {
    const place = { host: '127.0.0.1', port, path, method, headers, servername: NAME, rejectUnauthorized: false };
    const request = https.request({ ...place, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      const reply = { status: response.statusCode, text: () => text };
      if (path.endsWith('/events')) resolve(reply);
      else response.on('end', () => resolve(reply));
      t.teardown(() => request.destroy());
    });
    request.on('error', reject).end(body);
  });
}

/** `config` of a port, into a file of `folder`. Skipped where there is no such proxy. */
async function mustServe(t: Test, program: string, words: (folder: string, port: number) => string[]): Promise<void> {
  const port = await freePort();
  const child = endsWithUs(spawn(program, words(t.testdir(), port), { stdio: ['ignore', 'ignore', 'inherit'] }));
  const isThere = await new Promise((resolve) =>
    child.once('spawn', () => resolve(true)).once('error', () => resolve(false)),
  );
  if (!isThere) {
    t.comment(`LEFT OUT: no ${program}`);
    return;
  }
  t.teardown(() => child.kill('SIGKILL'));
  const up = await comesTo(
    () => ask(port, '/readyz'),
    ({ status }) => status === 200,
  );
  t.equal(up.status, 200);
  for (const path of ['/', '/teal/']) {
    const { status, text } = await ask(port, path);
    t.match({ status, text: text() }, { status: 200, text: /<!doctype html>/i }, `${path}: the console, by its name`);
  }
  const { token } = teal;
  const events = await ask(port, '/teal/v1/events', { token });
  t.equal(events.status, 200);
  const file = await ask(port, `/teal/v1/zones/${program}.test/file`, { method: 'PUT', token, body: zone });
  t.equal(file.status, 201, file.text().slice(0, 300));
  await comesTo(
    () => events.text(),
    (text) => text.includes(`${program}.test`),
  );
  t.match(events.text(), `${program}.test`, 'while the stream goes on');
}

t.test('nginx', async (t) => {
  await mustServe(t, 'nginx', (folder, port) => {
    const server = block('nginx')
      .replace(/listen 443 ssl;\n.*http2 on;.*\n/, `listen 127.0.0.1:${port} ssl;\n`)
      .replace('/etc/ssl/teal.pem', tls('cert.pem'))
      .replace('/etc/ssl/teal.key', tls('key.pem'))
      .replaceAll('127.0.0.1:8053', backend)
      .replace(
        /\n}\n$/,
        `\n  location /teal/ { proxy_pass http://${backend}/; proxy_set_header Host $host; client_max_body_size 256m; }\n}\n`,
      );
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (each) => `${each}_temp_path ${folder}/${each};`,
    );
    const config = `daemon off; master_process off; pid ${folder}/pid; error_log stderr crit; events {}\nhttp { access_log off; ${places.join(' ')}\n${server} }`;
    writeFileSync(join(folder, 'conf'), config);
    return ['-c', join(folder, 'conf'), '-e', 'stderr'];
  });
});

t.test('haproxy', async (t) => {
  await mustServe(t, 'haproxy', (folder, port) => {
    writeFileSync(join(folder, 'pem'), readFileSync(tls('cert.pem'), 'utf8') + readFileSync(tls('key.pem'), 'utf8'));
    const times = 'defaults\n  mode http\n  timeout connect 5s\n  timeout client 30s\n  timeout server 60s\n';
    const config = block('haproxy')
      .replace(':443', `127.0.0.1:${port}`)
      .replace('/etc/ssl/teal.pem', join(folder, 'pem'))
      .replace('127.0.0.1:8053', backend)
      .replace('# Below a path: ', '');
    writeFileSync(join(folder, 'conf'), times + config);
    return ['-f', join(folder, 'conf')];
  });
});
