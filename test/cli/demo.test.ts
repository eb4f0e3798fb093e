/** `teal demo` where its server is gone before it has begun: by the same Ctrl-C, or by a fault. */
import { readdirSync } from 'node:fs';
import t from 'tap';
import { temporaryFolder } from '../fixtures/engine.ts';
import { type } from './typed.ts';

/** Which no Node has. */
const env = { NODE_OPTIONS: '--no-such-option' };

t.test('a Ctrl-C of which it hears later than that the server is gone is no fault', async (t) => {
  const folder = temporaryFolder(t);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  });
  const interrupt = new AbortController();
  let hasBegun = false;
  // Its folder goes with the server.
  const look = setInterval(() => {
    const isThere = readdirSync(folder).length > 0;
    if (hasBegun && !isThere) interrupt.abort();
    hasBegun ||= isThere;
  }, 2);
  const { code, stdout } = await type(['demo'], { env, interrupted: interrupt.signal });
  clearInterval(look);
  t.equal(code, 0);
  t.match(stdout, /Ended before its end\.\n$/);
});

t.test('without one it is', async (t) => {
  const { code, stderr } = await type(['demo'], { env });
  t.equal(code, 69);
  t.match(stderr, /did not start/);
});
