/** The units of systemd and docker-compose.yml, as those who read them see them. */
import { spawnSync } from 'node:child_process';
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

t.test('docker-compose reads the file', async (t) => {
  t.match(run('docker-compose', '--file', 'docker-compose.yml', 'config', '--quiet'), { status: 0 });
});
