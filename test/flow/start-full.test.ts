/** A start whose table is too small for what the store holds: what is told where, and that what it advises does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { surroundings } from '../fixtures/environment.ts';
import { startTeal } from '../fixtures/process.ts';

const HEAD = '@ 60 SOA ns1.example.net. h.example.net. 1 7200 3600 1209600 60\n@ 60 NS ns1.example.net.\n';
const NAMES = 20_000;

/** A start that is to be refused. */
async function refused(t: Test, env: Record<string, string>) {
  const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...surroundings, TEAL_DNS_LISTEN: '127.0.0.1:0', TEAL_ADMIN_LISTEN: '127.0.0.1:0', ...env },
  });
  t.teardown(() => child.kill('SIGKILL'));
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'close');
  const [log, stderr] = await said;
  return {
    code,
    stderr,
    log: log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  };
}

for (const planes of ['two', 'one']) {
  t.test(`dns.planes: ${planes}`, async (t) => {
    const folder = t.testdir();
    const env = { TEAL_DNS_PLANES: planes };
    const first = await startTeal(folder, { env });
    t.teardown(() => first.child.kill('SIGKILL'));
    const body = HEAD + Array.from({ length: NAMES }, (_, n) => `n${n} 60 A 192.0.2.1\n`).join('');
    const reply = await fetch(`${first.admin}/v1/zones/large.test/file`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${first.token}`, 'content-type': 'text/dns' },
      body,
    });
    t.ok(reply.ok, await reply.text());
    await first.end('SIGTERM');

    const small = { ...env, TEAL_DATA_DIR: folder, TEAL_TABLE_MAX_BYTES: String(2 ** 21) };
    const { code, stderr, log } = await refused(t, small);
    t.equal(code, 69);
    t.match(
      stderr,
      /^teal: the table has no room for the zone large\.test \(about \d+ bytes\): table\.maxBytes is 2097152; raise it to \d+, .*\n$/,
    );
    t.match(
      log.filter(({ level }) => level === 'error'),
      [{ code: 'table_full', msg: /no room for the zone large\.test / }],
    );

    const advised = /raise it to (\d+),/.exec(stderr)?.[1] ?? '';
    const again = await startTeal(folder, { env: { ...env, TEAL_TABLE_MAX_BYTES: advised } });
    t.teardown(() => again.child.kill('SIGKILL'));
    t.equal((await again.call('GET', '/v1/zones/large.test')).status, 200);
    await again.end('SIGTERM');
  });
}
