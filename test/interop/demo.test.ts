/** `teal demo`: what one sees of a canary that fails, of a real server and real queries. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { surroundings, withoutTap } from '../fixtures/environment.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

t.test('the gate fails, the canary is taken back, and the last cache lets go', async (t) => {
  const [program = '', ...words] = [...withoutTap, process.execPath, main, 'demo'];
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...surroundings, TEAL_DATA_DIR: '/nowhere' },
  });
  t.teardown(() => child.kill('SIGKILL'));
  let stdout = '';
  child.stdout.on('data', (text) => (stdout += text));
  const [code] = await once(child, 'close');
  t.equal(code, 0);
  t.match(stdout, /aborted: smoke failed: answered 503/);
  t.match(stdout, /The gate failed, so Teal took the canary back by itself/);
  t.match(stdout, /the last of the 60 caches let go \d+\.\d s later/);
  t.match(stdout, /Teal says that green is drained/);
});
