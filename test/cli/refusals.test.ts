/** Refusals: JSON of one shape where JSON is asked for, in words of the command line, with an exit code that tells. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { commands } from '../../src/cli/commands.ts';
import { EXIT } from '../../src/cli/exit.ts';
import { breakReads } from '../fixtures/broken-store.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { type Typed, type, typist } from './typed.ts';

let teal: TealProcess;
let typeTo: ReturnType<typeof typist>;
const folder = temporaryFolder(t);
t.before(async () => {
  teal = await startTeal(folder);
  t.teardown(() => teal.child.kill('SIGKILL'));
  typeTo = typist(teal);
});

/** The words of HTTP, which nobody typed. */
const HTTP_WORDS =
  /If-(None-)?Match|ETag|\b412\b|Precondition|\bheader|\bbody\b|query parameter|Idempotency-Key|ByteString/;

/** Every command with its subcommands, by their help. */
async function everyCommand(): Promise<string[]> {
  const found: string[] = [];
  for (const name of Object.keys(commands)) {
    const { stdout } = await type([name, '--help']);
    const list = /^Commands:\n(?<lines>(?: {2}.*\n)+)/m.exec(stdout)?.groups?.lines ?? '';
    const words = [...list.matchAll(/^ {2}(\w+)/gm)].map(([, word]) => word as string);
    found.push(name, ...words.filter((word) => word !== 'help').map((word) => `${name} ${word}`));
  }
  return found;
}

/** One line of JSON on standard error, nothing else anywhere. */
function problemOf(t: Test, { stdout, stderr }: Typed, words: string): { code: string; detail: string } {
  t.equal(stdout, '', words);
  t.match(stderr, /^\{.*\}\n$/, words);
  return JSON.parse(stderr);
}

t.test('with --json a wrong command line is JSON, for every command', async (t) => {
  const all = await everyCommand();
  t.ok(all.length >= 40, `${all.length} commands`);
  for (const words of all) {
    for (const wrong of ['--nonsense --json', '--json --nonsense', `--json${' x'.repeat(9)} --nonsense`]) {
      const typed = await type(`${words} ${wrong}`.split(' '));
      t.equal(typed.code, EXIT.USAGE, words);
      t.match(problemOf(t, typed, words), { code: 'usage', detail: /\S/ }, words);
    }
  }
});

t.test('and so is each kind of mistake', async (t) => {
  const cases: [string, RegExp][] = [
    ['shfit app', /^unknown command 'shfit' \(Did you mean shift\?\)$/],
    ['zone frob', /^unknown command 'frob'/],
    ['status --jsn', /^unknown option '--jsn' \(Did you mean --json\?\)$/],
    ['rollback', /^missing required argument 'service'$/],
    ['rollback a b', /^too many arguments/],
    ['zone add example.com', /^required option '--ns <host>' not specified$/],
    ['zone add example.com --json --ns', /^option '--ns <host>' argument missing$/],
    ['zone add example.com --ns x --ttl soon', /argument 'soon' is invalid\. Expected a whole number\.$/],
    ['shift app green=-1', /^expected a weight from 0 to 65535 for green, found "-1"$/],
    ['shift app green=1 --idempotency-key ключ', /Expected 1 to 255 printable ASCII characters\.$/],
    ['service add app -p blue', /^expected a pool such as/],
    ['status --url ftp://x', /^--url: expected an address/],
    ['completion tcsh', /unknown option|Allowed choices/],
  ];
  for (const [words, detail] of cases) {
    const typed = await type([...words.split(' '), ...(words.includes('--json') ? [] : ['--json'])]);
    t.equal(typed.code, EXIT.USAGE, words);
    t.match(problemOf(t, typed, words), { code: 'usage', detail }, words);
  }
  t.match(await type(['shift', '--', '--json']), { code: EXIT.USAGE, stderr: /^teal: / }, 'an argument is no flag');
});

t.test('what no server has said has a code of its own by its exit code', async (t) => {
  const dir = temporaryFolder(t);
  const wrong = join(dir, 'wrong.yaml');
  writeFileSync(wrong, 'services: [');
  const token = join(dir, 'token');
  writeFileSync(token, 'two\nlines');
  const cases: [string[], number, string][] = [
    [['zone', 'import', 'example.com', join(dir, 'none')], EXIT.NO_INPUT, 'input_unreadable'],
    [['shift', '-f', wrong], EXIT.REFUSED, 'refused'],
    [['status', '--url', 'http://127.0.0.1:2'], EXIT.UNAVAILABLE, 'unavailable'],
    [['status', '--token-file', token], EXIT.NO_PERMISSION, 'no_permission'],
    [['zone', 'export', 'example.test', '-o', wrong], EXIT.CANNOT_WRITE, 'output_unwritable'],
    [['zone', 'export', 'example.test', '-o', '/dev/full', '--force'], EXIT.CANNOT_WRITE, 'output_unwritable'],
    [['backup', join(dir, 'none', 'x.db'), '--data-dir', folder], EXIT.CANNOT_WRITE, 'output_unwritable'],
    [['backup', join(dir, 'x.db'), '--data-dir', join(dir, 'none')], EXIT.UNAVAILABLE, 'unavailable'],
    [['backup', join(dir, 'x.db'), '--config', wrong], EXIT.CONFIG, 'settings_invalid'],
  ];
  for (const [words, exit, code] of cases) {
    const typed = await typeTo([...words, '--json']);
    t.equal(typed.code, exit, words.join(' '));
    t.match(problemOf(t, typed, words.join(' ')), { code, detail: /\S/ }, words.join(' '));
  }
});

t.test('what is there already is told so', async (t) => {
  const hook = 'webhook add chat https://127.0.0.1:1/hook -t on-revision';
  await typeTo(hook);
  for (const [words, message] of [
    ['zone add example.test --ns ns.example.net', /^teal: the zone example\.test is there already .*`teal zone list`/],
    [
      'service add app.example.test -p blue=1:192.0.2.1',
      /^teal: the service app\.example\.test is there already .*`teal apply`/,
    ],
    [hook, /^teal: the webhook chat is there already .*`teal webhook list`/],
  ] as const) {
    const typed = await typeTo(words);
    t.match(typed, { code: EXIT.REFUSED, stdout: '', stderr: message }, words);
    t.notMatch(typed.stderr, HTTP_WORDS, words);
    const json = await typeTo(`${words} --json`);
    t.equal(json.code, EXIT.REFUSED);
    t.match(problemOf(t, json, words), { code: 'revision_stale', detail: / is there already$/ });
    t.notMatch(json.stderr, HTTP_WORDS, words);
  }
});

async function serve(t: Test, behave: (request: http.IncomingMessage) => { status: number; body: unknown }) {
  const server = http.createServer((request, response) => {
    request.resume();
    const { status, body } = behave(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

t.test('somebody who was faster is told in words, too', async (t) => {
  const stale = { title: 'Precondition Failed', status: 412, code: 'revision_stale', detail: 'If-Match is not met.' };
  let before: object | null = null;
  const pools = { blue: { targets: ['192.0.2.1'], weight: 1 } };
  const url = await serve(t, ({ method, url: asked }) => {
    if (method === 'PUT') return { status: 412, body: stale };
    if (asked !== '/v1/apply') return { status: 404, body: { status: 404, code: 'zone_unknown', detail: 'None.' } };
    const service = { key: 'app', name: 'app', action: before === null ? 'make' : 'change', before, after: { pools } };
    return { status: 200, body: { revision: 9, steps: [{ service }] } };
  });
  const file = join(temporaryFolder(t), 'services.yaml');
  writeFileSync(file, 'services: { app: { pools: { blue: { targets: [192.0.2.1], weight: 1 } } } }\n');
  const cases: [string, RegExp][] = [
    ['zone add example.com --ns ns.example.net', /is there already/],
    ['service add app -p blue=1:192.0.2.1', /is there already/],
    ['webhook add chat https://127.0.0.1:1/hook -t on-revision', /is there already/],
    [`apply -f ${file} --yes`, /is there already/],
    [`apply -f ${file} --yes`, /was changed or deleted since it was looked at/],
  ];
  for (const [index, [words, message]] of cases.entries()) {
    before = index < 4 ? null : { revision: 3, pools: {} };
    for (const flags of ['', ' --json']) {
      const { code, stderr } = await type(`${words} --url ${url}${flags}`.split(' '));
      t.equal(code, EXIT.REFUSED, words);
      t.match(stderr, message, words);
      t.notMatch(stderr, HTTP_WORDS, words);
    }
  }
});

t.test('no refusal of the server comes in the words of HTTP', async (t) => {
  for (const words of [
    'history app.example.test --limit 5000000',
    'shift app.example.test blue=1 green=1 --idempotency-key ключ',
    'explain app.example.test --client nonsense',
    'service add new.example.test -p blue=1:nonsense..x',
    'record set www.example.test A nonsense',
    'token create x --scope nonsense',
    'webhook add x ftp://x -t on-revision',
  ]) {
    const { code, stderr } = await typeTo(words);
    t.ok(code === EXIT.REFUSED || code === EXIT.USAGE, `${words}: ${code}`);
    t.notMatch(stderr, HTTP_WORDS, words);
  }
  await typeTo('shift app.example.test blue=1 green=1 --idempotency-key once');
  const reused = await typeTo('shift app.example.test blue=1 green=2 --idempotency-key once');
  t.match(reused, { code: EXIT.REFUSED, stderr: /--idempotency-key once was used for another/ });
  const open = await typeTo('status', { env: { TEAL_TOKEN: '', TEAL_DATA_DIR: temporaryFolder(t) } });
  t.match(open, { code: EXIT.NO_PERMISSION, stderr: /wants a token.*set TEAL_TOKEN/ });
  for (const token of ['ключ', 'two\nlines']) {
    const { code, stderr } = await typeTo('status', { env: { TEAL_TOKEN: token } });
    t.match({ code, stderr }, { code: EXIT.NO_PERMISSION, stderr: /^teal: TEAL_TOKEN: expected a token on one line/ });
    t.notMatch(stderr, token);
  }
});

/** What a server without a zone says, of services at a glance too. */
function nothingOf(asked: string | undefined): object {
  if (asked?.startsWith('/v1/overview') !== true) return { items: [] };
  const counts = { unhealthy: 0, waiting: 0, releasing: 0, draining: 0 };
  return { items: [], total: 0, found: 0, attention: { items: [], counts }, current: true, stale: [] };
}

t.test('status tells by its exit code that changes are refused, and still shows what there is', async (t) => {
  const detail = 'The store cannot be written: the disk is full.';
  const url = await serve(t, ({ url: asked }) =>
    asked === '/readyz'
      ? { status: 503, body: { code: 'store_unavailable', detail } }
      : { status: 200, body: nothingOf(asked) },
  );
  const seen = await type(['status', '--url', url]);
  t.match(seen, { code: EXIT.TRY_LATER, stderr: '', stdout: /takes no changes\n.*the disk is full.*\n0 zones/ });
  const json = await type(['status', '--url', url, '--json']);
  t.match(json, { code: EXIT.TRY_LATER, stderr: '', json: { ready: false, notReady: /disk is full/ } });
});

t.test('status tells what is not as it should be from changes that are refused', async (t) => {
  for (const code of ['signing_refused', 'signing_unfinished', 'workers_missing', 'zones_left_out']) {
    const url = await serve(t, ({ url: asked }) =>
      asked === '/readyz'
        ? { status: 503, body: { code, detail: 'Something is so.' } }
        : { status: 200, body: nothingOf(asked) },
    );
    const seen = await type(['status', '--url', url]);
    t.match(seen, { code: EXIT.TRY_LATER, stdout: /: takes changes, and is not well\n {2}.*Something is so\./ }, code);
  }
  const url = await serve(t, ({ url: asked }) => {
    return {
      status: 200,
      body: asked === '/readyz' ? { status: 'ready', unusableFiles: ['admin.tls'] } : nothingOf(asked),
    };
  });
  t.match(await type(['status', '--url', url]), { code: 0, stdout: /: ready\n {2}admin\.tls: its file is of no use/ });
  t.match(await type(['status', '--url', url, '--json']), { json: { ready: true, unusableFiles: ['admin.tls'] } });
});

t.test('what of it cannot be read now is said, and the rest is shown', async (t) => {
  const url = await serve(t, ({ url: asked }) =>
    asked?.startsWith('/v1/overview')
      ? { status: 503, body: { code: 'store_unavailable', detail: 'The store cannot be read.' } }
      : { status: 200, body: nothingOf(asked) },
  );
  const seen = await type(['status', '--url', url]);
  const line = /takes no changes\n.*cannot be read\..*\n0 zones, services cannot be read, 0 releases going on\n/;
  t.match(seen, { code: EXIT.TRY_LATER, stderr: '', stdout: line });
});

t.test('and so it does of a real server whose store cannot be read', async (t) => {
  t.match(await typeTo('status --json'), { code: 0, json: { ready: true } });
  const mend = breakReads(folder);
  const seen = await typeTo('status');
  const json = await typeTo('status --json');
  mend();
  const overview =
    /^Teal at http.*: takes no changes\n {2}.*\[store_unavailable\] — answers go on.*\nZones, services and releases cannot be read now/;
  t.match(seen, { code: EXIT.TRY_LATER, stderr: '', stdout: overview });
  t.match(json, {
    code: EXIT.TRY_LATER,
    stderr: '',
    json: { ready: false, notReady: /store_unavailable/, zones: null, services: null, activeReleases: null },
  });
  t.match(await typeTo('status'), { code: 0, stdout: /ready/ });
});
