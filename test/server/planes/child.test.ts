/** A process that cannot be started has ended, and nothing is thrown: whoever keeps it starts it again later. */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { surroundings } from '../../fixtures/environment.ts';

const module = new URL('../../../src/server/planes/child.ts', import.meta.url).href;

/** Opens files until there is no descriptor left, and then starts a process. */
const program = `
import fs from 'node:fs';
const { PlaneChild } = await import('${module}');
const open = [];
try {
  for (;;) open.push(fs.openSync('/dev/null'));
} catch {}
let said;
try {
  const child = new PlaneChild('nothing.ts', 'data', [], () => {});
  child.send({});
  said = await child.ended;
} catch (error) {
  said = String(error);
}
for (const fd of open) fs.closeSync(fd);
console.log(JSON.stringify(said));
`;

t.test('where no descriptor is left', async (t) => {
  const words = ['-c', 'ulimit -n 100 && exec "$0" --input-type=module -e "$1"', process.execPath, program];
  const { stdout, stderr } = spawnSync('sh', words, { encoding: 'utf8', env: surroundings });
  t.same(JSON.parse(stdout || 'null'), { code: null, signal: null }, stderr);
});
