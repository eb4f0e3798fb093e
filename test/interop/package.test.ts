/** What `npm pack` makes: installed as a user would into an empty folder, it answers, shifts, and tells its version. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parse } from 'acorn';
import t from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** With the Node of these tests first, since the system's may be older. */
const PATH = `${process.execPath.replace(/\/node$/, '')}:${process.env.PATH}`;
/** Without NODE_OPTIONS, which tap gives to whatever a test starts. */
const npm = (words: readonly string[]): string =>
  execFileSync('env', ['-u', 'NODE_OPTIONS', 'npm', ...words], {
    encoding: 'utf8',
    stdio: 'pipe',
    env: { ...process.env, PATH },
  });

const folder = t.testdir();
npm(['pack', '--pack-destination', folder]);
const [file] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
// As `npm i -g` does, into a folder that is not the system's.
npm(['install', '--global', '--prefix', folder, '--no-audit', '--no-fund', `${folder}/${file}`]);
const teal = `${folder}/bin/teal`;
const root = `${folder}/lib/node_modules/tealdns`;
const elsewhere = `${folder}/elsewhere`;
mkdirSync(elsewhere);
const env = {
  PATH,
  HOME: elsewhere,
  TEAL_DATA_DIR: `${elsewhere}/data`,
  TEAL_DNS_LISTEN: '127.0.0.1:0',
  TEAL_ADMIN_LISTEN: '127.0.0.1:0',
  TEAL_ADMIN_TOKEN: '4f1c9b2e7a5d8036-of-the-test',
};

t.test('it holds what it needs, and no sources or tests', async (t) => {
  for (const name of ['dist/main.js', 'config/teal.yaml', 'config/systemd/teal.service', 'README.md', 'LICENSE']) {
    t.ok(existsSync(`${root}/${name}`), name);
  }
  t.same(
    ['src', 'test', 'docs', '.ci'].filter((name) => existsSync(`${root}/${name}`)),
    [],
  );
  t.equal(spawnSync(teal, ['--version'], { env, cwd: elsewhere, encoding: 'utf8' }).stdout, `${version}\n`);
});

t.test('an old Node can read the first file, which tells it so', async (t) => {
  const text = readFileSync(`${root}/dist/main.js`, 'utf8');
  // Nodes from 12 on take it for the module that it is; they know import(), but no await outside of functions.
  t.doesNotThrow(() => parse(text, { ecmaVersion: 2020, sourceType: 'module', allowHashBang: true }));
});

t.test('teal serve, shift and doctor from the packed file', async (t) => {
  const child = spawn(teal, ['serve'], { env, cwd: elsewhere, stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const ready = await new Promise<{ dns: string[]; admin: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line);
      if (event.msg === 'ready') resolve(event);
    });
    child.once('exit', (code) => reject(new Error(`teal serve exited with ${code}`)));
  });
  const port = Number(ready.dns[0]?.split(':').at(-1));
  const run = (...words: string[]) => {
    const clientEnv = {
      PATH,
      HOME: elsewhere,
      TEAL_ADMIN_URL: ready.admin,
      TEAL_TOKEN: '4f1c9b2e7a5d8036-of-the-test',
    };
    return spawnSync(teal, words, { env: clientEnv, cwd: elsewhere, encoding: 'utf8' });
  };
  const shifted = run('shift', 'app.example.test', 'blue=0', 'green=100');
  t.equal(shifted.status, 0, shifted.stderr);
  const { answers } = await askUdp('127.0.0.1', port, buildQuery({ name: 'app.example.test', type: 'A' }));
  t.same(
    answers.map(({ data }) => data),
    ['192.0.2.20'],
  );
  // Nobody delegates example.test: the doctor looks, and says so.
  const doctor = run('doctor', 'example.test', '--root', '127.0.0.1', '--port', String(port), '--json');
  t.ok([0, 1].includes(doctor.status as number), doctor.stderr);
  const { chapters } = JSON.parse(doctor.stdout);
  t.ok(chapters.length > 0 && chapters.every(({ findings }: { findings: unknown[] }) => Array.isArray(findings)));
  t.match(await (await fetch(`${ready.admin}/`)).text(), /<!doctype html>/i, 'the console is in the package');
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  t.equal(await exited, 0);
});
