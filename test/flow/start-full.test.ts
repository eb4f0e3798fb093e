/** A start whose table is too small for a zone of the store: all others are answered, it is told where one looks, and what is advised does. */
import fs from 'node:fs';
import t from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';

const HEAD = '@ 60 SOA ns1.example.net. h.example.net. 1 7200 3600 1209600 60\n@ 60 NS ns1.example.net.\n';
const NAMES = 20_000;

async function rcodeOf(teal: TealProcess, name: string): Promise<number> {
  return (await askUdp('127.0.0.1', teal.dnsPort, buildQuery({ name }))).rcode;
}

/** The data of a server that has imported it. */
const imported = t.testdir();

t.test('the zone is imported', async (t) => {
  const teal = await startTeal(imported);
  t.teardown(() => teal.child.kill('SIGKILL'));
  const body = HEAD + Array.from({ length: NAMES }, (_, n) => `n${n} 60 A 192.0.2.1\n`).join('');
  const reply = await fetch(`${teal.admin}/v1/zones/large.test/file`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' },
    body,
  });
  t.ok(reply.ok, await reply.text());
  await teal.end('SIGTERM');
});

for (const planes of ['two', 'one']) {
  t.test(`dns.planes: ${planes}`, async (t) => {
    const folder = t.testdir();
    fs.cpSync(imported, folder, { recursive: true });
    const env = { TEAL_DNS_PLANES: planes };
    const before = await startTeal(folder, { env: { ...env, TEAL_TABLE_MAX_BYTES: String(2 ** 21) } });
    t.teardown(() => before.child.kill('SIGKILL'));
    const errors = before.log.filter(({ level }) => level === 'error');
    const msg =
      /^the table has no room for the zone large\.test \(about \d+ bytes\): table\.maxBytes is 2097152; raise it to \d+, .* SERVFAIL$/;
    t.match(errors, [{ code: 'table_full', zones: ['large.test'], msg }]);
    t.equal(errors.length, 1);
    t.match(await before.call('GET', '/readyz'), { status: 503, body: { code: 'zones_left_out' } });
    t.match(
      await fetch(`${before.admin}/metrics`, { headers: { authorization: `Bearer ${before.token}` } }).then((each) =>
        each.text(),
      ),
      /^teal_table_left_out_zones 1$/m,
    );
    t.equal(await rcodeOf(before, 'n7.large.test'), 2);
    t.equal(await rcodeOf(before, 'app.example.test'), 0, 'other zones are answered');
    await before.end('SIGTERM');
    const advised = /raise it to (\d+),/.exec(String(errors[0]?.msg))?.[1] ?? '';
    const again = await startTeal(folder, { env: { ...env, TEAL_TABLE_MAX_BYTES: advised } });
    t.teardown(() => again.child.kill('SIGKILL'));
    t.equal(await rcodeOf(again, 'n7.large.test'), 0);
    t.equal((await again.call('GET', '/readyz')).status, 200);
    await again.end('SIGTERM');
  });
}
