/** What an API loads, since each start of a server waits for it. */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { surroundings } from '../fixtures/environment.ts';

/** In a process of its own: tests load more. */
const script = `
  import { createRequire } from 'node:module';
  import { startApi } from './test/fixtures/api.ts';
  await (await startApi(process.argv[1])).close();
  console.log(Object.keys(createRequire(import.meta.url).cache).join('\\n'));
`;

t.test('Fastify loads no validators and serializers beside those that are used', (t) => {
  const words = ['--input-type=module', '--eval', script, t.testdir()];
  const { stdout, stderr } = spawnSync(process.execPath, words, { env: { ...surroundings }, encoding: 'utf8' });
  t.match(stdout, /node_modules\/fastify\//, stderr);
  t.notMatch(stdout, /node_modules\/(ajv|@fastify\/(ajv|fast-json-stringify)-compiler)\//);
  t.end();
});
