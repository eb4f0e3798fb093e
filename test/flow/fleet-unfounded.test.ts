/** Where there is no fleet in the settings nothing of it is loaded; where there is one that nobody has founded, a node serves as one node and says so. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { temporaryFolder } from '../fixtures/engine.ts';
import { freePort } from '../fixtures/free-port.ts';
import { startTeal } from '../fixtures/process.ts';
import { soon } from '../fixtures/soon.ts';

/** A module that writes down what of a fleet is loaded after it, by the server's process and its threads. */
const WITNESS = `
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    if (/@grpc|src\\/(?:etcd|server\\/fleet)\\//.test(url)) appendFileSync(process.env.WITNESS_FILE, url + '\\n');
    return next(url, context);
  },
});
`;

t.test('the client of etcd is loaded by a node of a fleet, and by no other', async (t) => {
  const folder = temporaryFolder(t);
  const witness = join(folder, 'witness.mjs');
  writeFileSync(witness, WITNESS);
  const data = join(folder, 'data');
  const started = async (name: string, env: Record<string, string>) => {
    const file = join(folder, name);
    const options = `--import=${pathToFileURL(witness)}`;
    const teal = await startTeal(data, { env: { NODE_OPTIONS: options, WITNESS_FILE: file, ...env } });
    return { teal, loaded: () => (existsSync(file) ? readFileSync(file, 'utf8') : '') };
  };
  const alone = await started('alone', {});
  t.match(await alone.teal.call('GET', '/readyz'), { status: 200, body: { status: 'ready', fleet: undefined } });
  t.match(await alone.teal.call('GET', '/v1/fleet'), { status: 404, body: { code: 'fleet_none' } });
  const shifted = await alone.teal.call('PUT', '/v1/services/app.example.test/weights', { blue: 1, green: 1 });
  t.match(shifted, { status: 200, body: { fleet: undefined } });
  t.equal(shifted.headers.get('teal-stale'), null);
  await alone.teal.end('SIGTERM');
  t.equal(alone.loaded(), '');

  const env = {
    TEAL_FLEET_NAME: 'nowhere',
    TEAL_FLEET_NODE: 'ns1',
    // Nobody listens there.
    TEAL_FLEET_ENDPOINTS: `http://127.0.0.1:${await freePort()}`,
  };
  // It asks for some seconds before it gives up: meanwhile the other one is looked at.
  const refused = t.rejects(
    startTeal(join(folder, 'empty'), { env }),
    /exited with 69/,
    'an empty directory may be one that is to join',
  );
  const before = await started('before', env);
  t.match(before.loaded(), /@grpc/, 'the witness can see it');
  await soon(t).ok(() =>
    before.teal.log.some(({ part, msg }) => part === 'fleet' && /serving as one node/.test(String(msg))),
  );
  t.match((await before.teal.call('GET', '/readyz')).body.fleet, { standing: 'alone', current: true });
  const again = await before.teal.call('PUT', '/v1/services/app.example.test/weights', { blue: 2, green: 1 });
  t.match(again, { status: 200, body: { fleet: undefined } }, 'it changes as one node does');
  t.match(await before.teal.call('POST', '/v1/fleet/init', {}), { status: 503, body: { code: 'fleet_unavailable' } });
  await before.teal.end('SIGTERM');
  await refused;
});
