/** The units of systemd and docker-compose.yml, as those who read them see them. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';

function run(command: string, ...words: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr };
}

const units = ['config/systemd/teal.socket', 'config/systemd/teal.service'];

t.test('systemd finds nothing wrong, and little exposed', async (t) => {
  t.same(run('systemd-analyze', 'verify', ...units), { status: 0, output: '' });
  const { output } = run('systemd-analyze', 'security', '--offline=true', 'config/systemd/teal.service');
  const exposure = Number(/exposure level for teal\.service: ([\d.]+)/.exec(output)?.[1]);
  t.comment(`exposure ${exposure} of 10`);
  t.ok(exposure < 2, output);
});

t.test('the drop-in for AF_XDP is understood, and gives only what it says', async (t) => {
  const folder = t.testdir({
    'teal.service':
      units.map((unit) => readFileSync(unit, 'utf8'))[1] + readFileSync('config/systemd/teal-xdp.conf', 'utf8'),
    'teal.socket': readFileSync('config/systemd/teal.socket', 'utf8'),
  });
  const both = ['teal.socket', 'teal.service'].map((name) => `${folder}/${name}`);
  t.same(run('systemd-analyze', 'verify', ...both), { status: 0, output: '' });
  const { output } = run('systemd-analyze', 'security', '--offline=true', `${folder}/teal.service`);
  t.ok(Number(/exposure level for teal\.service: ([\d.]+)/.exec(output)?.[1]) < 3, output);
});

t.test('the drop-in for a node of a fleet is understood, and exposes nothing more', async (t) => {
  const folder = t.testdir({
    'teal.service': readFileSync('config/systemd/teal.service', 'utf8'),
    'teal.socket': readFileSync('config/systemd/teal.socket', 'utf8'),
    'teal.service.d': { 'fleet.conf': readFileSync('config/systemd/teal-fleet.conf', 'utf8') },
  });
  const both = ['teal.socket', 'teal.service'].map((name) => `${folder}/${name}`);
  t.same(run('systemd-analyze', 'verify', ...both), { status: 0, output: '' });
  const { output } = run('systemd-analyze', 'security', '--offline=true', `${folder}/teal.service`);
  t.ok(Number(/exposure level for teal\.service: ([\d.]+)/.exec(output)?.[1]) < 2, output);
});

t.test('etcd reads the settings of its members', async (t) => {
  const lines = readFileSync('config/etcd.env', 'utf8')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line));
  // Where the addresses are not this machine's, that is all that it has to say against them.
  const folder = t.testdir({});
  const words = [...lines, `ETCD_DATA_DIR=${folder}`];
  // It ends by itself; if it did not, that would be seen here.
  const { status, output } = run('env', ...words, 'timeout', '90', 'etcd');
  t.not(status, 0);
  t.notMatch(output, /unrecognized environment variable|failed to verify flags|invalid/);
  t.match(output, /cannot assign requested address|member\.(pem|key)|ca\.pem/);
});

t.test('docker-compose reads the files', async (t) => {
  t.match(run('docker-compose', '--file', 'docker-compose.yml', 'config', '--quiet'), { status: 0 });
  const fleet = ['docker-compose', '--file', 'docker-compose.fleet.yml', 'config', '--quiet'];
  t.match(run('env', 'TEAL_ADMIN_TOKEN=a9f3c0d7e5b24816', ...fleet), { status: 0 });
  t.match(run('env', '--unset=TEAL_ADMIN_TOKEN', ...fleet), { status: 1, output: /set one that all nodes have/ });
});
