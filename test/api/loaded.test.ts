/** What an API loads, since each start of a server waits for it. */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { surroundings } from '../fixtures/environment.ts';

/** In a process of its own: tests load more. */
const script = `
  import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, next) {
      console.log(url);
      return next(url, context);
    },
  });
  const { startApi } = await import('./test/fixtures/api.ts');
  await (await startApi(process.argv[1])).close();
`;

t.test('libraries are loaded as far as they are used', (t) => {
  const words = ['--input-type=module', '--eval', script, t.testdir()];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { env: { ...surroundings }, encoding: 'utf8' });
  t.equal(status, 0, stderr);
  t.match(stdout, /node_modules\/fastify\//);
  t.notMatch(
    stdout,
    /node_modules\/(ajv|@fastify\/(ajv|fast-json-stringify)-compiler)\//,
    'Fastify has its checks from us',
  );
  t.match(stdout, /node_modules\/typebox\/build\/schema\//);
  t.notMatch(
    stdout,
    /node_modules\/typebox\/build\/(compile|type|value)\//,
    'what shapes are made of is in src/contract',
  );
  t.end();
});
