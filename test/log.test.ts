/** The log: lines for machines, lines for people, and no secrets in either. */
import { Writable } from 'node:stream';
import t from 'tap';
import { createLogger } from '../src/log.ts';

function collector(): { output: Writable; text: () => string } {
  let text = '';
  const output = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { output, text: () => text };
}

t.test('json: one line an event, with level, time and message', async (t) => {
  const { output, text } = collector();
  const log = createLogger({ level: 'info', format: 'json' }, output);
  log.debug('too fine');
  log.info({ revision: 17 }, 'published');
  log.error(new Error('the disk is full'));
  const lines = text()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.match(lines, [
    { level: 'info', time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, pid: process.pid, revision: 17, msg: 'published' },
    { level: 'error', msg: 'the disk is full', err: { stack: /log\.test/ } },
  ]);
  t.equal(lines.length, 2);
});

t.test('pretty: readable lines', async (t) => {
  const { output, text } = collector();
  createLogger({ level: 'info', format: 'pretty' }, output).info({ revision: 17 }, 'published');
  t.match(text(), /INFO: published\n +revision: 17\n/);
});

t.test('auto: json where standard output is no terminal', async (t) => {
  const { output, text } = collector();
  createLogger({ level: 'info', format: 'auto' }, output).info('published');
  if (process.stdout.isTTY) t.match(text(), /INFO/);
  else t.equal(JSON.parse(text()).msg, 'published');
});

t.test('silent writes nothing', async (t) => {
  const { output, text } = collector();
  createLogger({ level: 'silent', format: 'json' }, output).fatal('the end');
  t.equal(text(), '');
});

t.test('secrets are left out', async (t) => {
  for (const format of ['json', 'pretty'] as const) {
    const { output, text } = collector();
    const log = createLogger({ level: 'info', format }, output);
    log.info({ token: 'hush', admin: { token: 'hush', readToken: 'hush' } }, 'settings');
    log.info({ req: { headers: { authorization: 'Bearer hush', cookie: 'hush' } } }, 'request');
    log.child({ token: 'hush' }).info('child');
    t.notMatch(text(), /hush/);
    t.match(text(), /\[redacted\]/);
  }
});
