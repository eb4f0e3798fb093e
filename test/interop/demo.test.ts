/** `teal demo`: what one sees of a canary that fails, of a real server and real queries. */
import t from 'tap';
import { type } from '../cli/typed.ts';

t.test('the gate fails, the canary is taken back, and the last cache lets go', { timeout: 240_000 }, async (t) => {
  const { code, stdout } = await type(['demo'], { env: { PATH: process.env.PATH ?? '', TEAL_DATA_DIR: '/nowhere' } });
  t.equal(code, 0);
  t.match(stdout, /aborted: smoke failed: answered 503/);
  t.match(stdout, /The gate failed, so Teal took the canary back by itself/);
  t.match(stdout, /the last of the 60 caches let go \d+\.\d s later/);
  t.match(stdout, /Teal says that green is drained/);
});
