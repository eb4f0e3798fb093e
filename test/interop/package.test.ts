/** What `npm pack` makes: installed as a user would into an empty folder, it answers, shifts, and tells its version. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parse } from 'acorn';
import t from 'tap';
import { archive } from '../../tools/debian/archive.ts';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { install } from './npm.ts';

const { version, scripts } = JSON.parse(readFileSync('package.json', 'utf8'));

/** With the Node of these tests first, since the system's may be older. */
const PATH = `${process.execPath.replace(/\/node$/, '')}:${process.env.PATH}`;
/** Without NODE_OPTIONS, which tap gives to whatever a test starts. */
const { NODE_OPTIONS: _, ...inherited } = process.env;
// Of 120 MB, to be read once; how others get it is below, of less.
const ofNpm = { ...inherited, PATH, DPKG_DEB_COMPRESSOR_TYPE: 'none' };
const npm = (words: readonly string[]): string =>
  execFileSync('npm', words, { encoding: 'utf8', stdio: 'pipe', env: ofNpm });

const folder = t.testdir();
const debian = npm(['run', '--silent', 'package:deb', '--', folder]).trim().split('\n').at(-1) as string;
// What was built for that one: twice would be ten seconds more.
npm(['pack', '--ignore-scripts', '--pack-destination', folder]);
const [file] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
// As `npm i -g` does, into a folder that is not the system's.
install(['install', '--global', '--prefix', folder, '--no-audit', '--no-fund', `${folder}/${file}`], { env: ofNpm });
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
  t.equal(scripts.prepack, 'npm run build', 'what is packed is built before');
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

t.test(
  'the Debian package: installed, it answers by the Node that it brings; removed, it leaves the settings',
  async (t) => {
    const system = `${folder}/system`;
    for (const path of ['var/lib/dpkg/info', 'var/lib/dpkg/updates'])
      mkdirSync(`${system}/${path}`, { recursive: true });
    writeFileSync(`${system}/var/lib/dpkg/status`, '');
    // Into a folder, and not as a container would: the scripts run here, and see that no systemd does.
    const dpkg = (...words: string[]) =>
      spawnSync(
        'dpkg',
        [`--root=${system}`, '--force-depends', '--force-script-chrootless', '--force-not-root', ...words],
        { encoding: 'utf8', env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` } },
      );
    const installed = dpkg('--install', debian);
    t.equal(installed.status, 0, installed.stdout + installed.stderr);

    const home = `${system}/usr/lib/teal`;
    const wrapper = readFileSync(`${system}/usr/bin/teal`, 'utf8');
    t.equal(wrapper, '#!/bin/sh\nexec /usr/lib/teal/node --disable-sigusr1 /usr/lib/teal/dist/main.js "$@"\n');
    const node = (...words: string[]) =>
      [`${home}/node`, ['--disable-sigusr1', `${home}/dist/main.js`, ...words]] as const;
    const bare = { HOME: elsewhere, PATH: '/usr/bin:/bin' };
    const told = spawnSync(...node('--version'), { env: bare, encoding: 'utf8' });
    t.equal(told.stdout, `${version}\n`, told.stderr);

    const units = ['teal.socket', 'teal.service'].map((unit) => `${system}/lib/systemd/system/${unit}`);
    t.match(readFileSync(units[1] as string, 'utf8'), '\nExecStart=/usr/bin/teal serve --config /etc/teal/teal.yaml\n');
    const bash = spawnSync('bash', ['-n', `${system}/usr/share/bash-completion/completions/teal`], {
      encoding: 'utf8',
    });
    t.equal(bash.status, 0, bash.stderr);

    const child = spawn(...node('serve', '--config', `${system}/etc/teal/teal.yaml`), {
      env: { ...env, ...bare, TEAL_DATA_DIR: `${elsewhere}/debian` },
      cwd: elsewhere,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    const ready = await new Promise<{ dns: string[] }>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const event = JSON.parse(line);
        if (event.msg === 'ready') resolve(event);
      });
      child.once('exit', (code) => reject(new Error(`teal serve exited with ${code}`)));
    });
    const port = Number(ready.dns[0]?.split(':').at(-1));
    // Without an example: no zone is served that nobody wrote.
    const { rcode } = await askUdp('127.0.0.1', port, buildQuery({ name: 'app.example.test', type: 'A' }));
    t.equal(rcode, 5, 'REFUSED');
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    t.equal(await exited, 0);

    t.equal(dpkg('--remove', 'teal').status, 0);
    t.notOk(existsSync(`${home}/node`));
    t.ok(existsSync(`${system}/etc/teal/teal.yaml`));
    t.equal(dpkg('--purge', 'teal').status, 0);
    t.notOk(existsSync(`${system}/etc/teal`));
  },
);

t.test('a Debian package for others is compressed by xz, of root, and to be read by all', async (t) => {
  const control = 'Package: teal\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.invalid>\nDescription: x\n';
  const stage = t.testdir({ DEBIAN: { control }, usr: { file: 'x' } });
  if (process.getuid?.() === 0) chownSync(`${stage}/usr/file`, 1234, 1234);
  for (const path of [stage, `${stage}/usr`]) chmodSync(path, 0o700);
  chmodSync(`${stage}/usr/file`, 0o600);
  const small = `${folder}/small.deb`;
  archive(stage, small);
  const members = readFileSync(small, 'latin1').match(/(?:control|data)\.tar[.a-z]*/g);
  t.same(members, ['control.tar.xz', 'data.tar.xz']);
  const contents = execFileSync('dpkg-deb', ['--contents', small], { encoding: 'utf8' });
  t.match(contents, /^-rw-r--r-- root\/root .* \.\/usr\/file$/m);
  t.match(contents, /^drwxr-xr-x root\/root .* \.\/$/m, 'a folder that it is unpacked into stays open too');
});
