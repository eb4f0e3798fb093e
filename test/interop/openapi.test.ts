/** The OpenAPI document is clean by the rules of others, and clients that others make of it work. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { install } from './npm.ts';

/** Their tools have a package.json of their own: they want a TypeScript with a JavaScript interface, which ours has not. */
const CLIENTS = fileURLToPath(new URL('./openapi-clients', import.meta.url));

let teal: TealProcess;
let folder: string;

/** Runs a tool of that package; what it printed, where it ended well. */
function tool(name: string, ...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join('node_modules', '.bin', name), ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off' },
  });
  if (status !== 0) throw new Error(`${name} ${words.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

t.before(async () => {
  folder = temporaryFolder(t);
  cpSync(CLIENTS, folder, { recursive: true, filter: (path) => !path.endsWith('node_modules') });
  install(['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder });
  teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  const document = await fetch(`${teal.admin}/openapi.json`);
  writeFileSync(join(folder, 'openapi.json'), await document.text());
});

t.test('redocly recommended-strict, spectral oas: nothing to say', async (t) => {
  t.doesNotThrow(() => tool('redocly', 'lint', '--extends=recommended-strict', 'openapi.json'));
  t.doesNotThrow(() => tool('spectral', 'lint', '--fail-severity=hint', 'openapi.json'));
});

t.test('both can say something', async (t) => {
  writeFileSync(join(folder, 'bad.json'), JSON.stringify({ openapi: '3.1.0', info: { title: 'Bad' }, paths: {} }));
  t.throws(() => tool('redocly', 'lint', '--extends=recommended-strict', 'bad.json'));
  t.throws(() => tool('spectral', 'lint', '--fail-severity=hint', 'bad.json'));
  rmSync(join(folder, 'bad.json'));
});

t.test('clients that are made of it are typed, and make a zone, a service and a shift', async (t) => {
  tool('openapi-typescript', 'openapi.json', '--output', 'schema.ts');
  tool('openapi-ts');
  tool('tsc', '--project', 'tsconfig.json');
  for (const client of ['fetch', 'sdk']) {
    const words = [`${client}.mts`, teal.admin, teal.token];
    const said = execFileSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
    const service = `app.${client}.test`;
    t.same(JSON.parse(said), { zone: `${client}.test`, service, green: 0.75, refused: 'weights_invalid' });
    const weights = await fetch(`${teal.admin}/v1/services/${service}/weights`, {
      headers: { authorization: `Bearer ${teal.token}` },
    });
    t.match(await weights.json(), { weights: { blue: 25, green: 75 } });
  }
});
