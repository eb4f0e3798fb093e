/** The main job, as a user does it: dig, one PUT, and the very next answer is green. Through a whole server. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { askTcp, askUdp, buildQuery, type Reply, UdpClient } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';

const DRAWS = 2000;

/** Of DRAWS draws at 90/10 the share of blue lies within 0.9 ± 0.06: nine standard deviations. */
function isNinetyPercent(count: number): boolean {
  return Math.abs(count / DRAWS - 0.9) < 0.06;
}

async function draws(ask: (index: number) => Promise<Reply>): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  for (let i = 0; i < DRAWS; i++) {
    const data = (await ask(i)).answers[0]?.data ?? 'none';
    seen.set(data, (seen.get(data) ?? 0) + 1);
  }
  return seen;
}

async function put(teal: TealProcess, path: string, body: unknown): Promise<void> {
  const reply = await teal.call('PUT', path, body);
  if (reply.status >= 300) throw new Error(`${path}: ${JSON.stringify(reply.body)}`);
}

t.test('a fresh server answers its demo service, and follows the weights', async (t) => {
  const teal = await startTeal(temporaryFolder(t));
  const reply = await askUdp('127.0.0.1', teal.dnsPort, buildQuery({ name: 'app.example.test' }));
  t.match(reply, { aa: true, rcode: 0 });
  t.equal(reply.answers.length, 1);
  t.equal(reply.answers[0]?.ttl, 5);
  t.match(reply.answers[0]?.data, /^192\.0\.2\.(10|20)$/);
  const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
  const next = async (): Promise<string | undefined> =>
    (await client.ask(buildQuery({ name: 'app.example.test' }))).answers[0]?.data;
  for (let i = 0; i < 200; i++) {
    const [blue, green, expected] = i % 2 === 0 ? [0, 100, '192.0.2.20'] : [100, 0, '192.0.2.10'];
    await put(teal, '/v1/services/app.example.test/weights', { blue, green });
    const answered = await next();
    if (answered !== expected) t.fail(`shift ${i}: the very next answer is ${answered}`);
  }
  t.match((await teal.call('POST', '/v1/services/app.example.test/rollback', {})).body, {
    weights: { blue: 0, green: 100 },
  });
  t.equal(await next(), '192.0.2.20');
  await client.close();
  t.match(await teal.end('SIGTERM'), { code: 0 });
});

t.test('shares hold for A, AAAA and CNAME pools, over UDP, TCP and IPv6', async (t) => {
  const folder = temporaryFolder(t);
  const teal = await startTeal(folder, { env: { TEAL_DNS_LISTEN: '127.0.0.1:0,[::1]:0' } });
  const [v4, v6] = teal.dns.map((text) => Number(text.split(':').at(-1)));
  const pools = (blue: string, green: string) => ({
    pools: { blue: { weight: 90, targets: [blue] }, green: { weight: 10, targets: [green] } },
  });
  await put(teal, '/v1/services/six.example.test', pools('2001:db8::10', '2001:db8::20'));
  await put(teal, '/v1/services/host.example.test', pools('blue.example.net', 'green.example.net'));
  const four = await UdpClient.open('127.0.0.1', v4 as number);
  const six = await UdpClient.open('::1', v6 as number);
  const a = await draws(() => four.ask(buildQuery({ name: 'app.example.test' })));
  t.ok(isNinetyPercent(a.get('192.0.2.10') ?? 0), `A: ${[...a]}`);
  const aaaa = await draws(() => six.ask(buildQuery({ name: 'six.example.test', type: 'AAAA' })));
  t.ok(isNinetyPercent(aaaa.get('2001:db8::10') ?? 0), `AAAA over IPv6: ${[...aaaa]}`);
  const cname = await draws(() => four.ask(buildQuery({ name: 'host.example.test' })));
  t.ok(isNinetyPercent(cname.get('blue.example.net.') ?? 0), `CNAME: ${[...cname]}`);
  const queries = Array.from({ length: DRAWS }, (_, id) => buildQuery({ id, name: 'app.example.test' }));
  const replies = await askTcp('127.0.0.1', v4 as number, queries);
  const blue = replies.filter(({ answers }) => answers[0]?.data === '192.0.2.10').length;
  t.ok(isNinetyPercent(blue), `TCP: ${blue} of ${DRAWS}`);
  await four.close();
  await six.close();
  t.match(await teal.end('SIGTERM'), { code: 0 });
});

t.test('many clients while both services shift through the API: no answer is older than the last 2xx', async (t) => {
  const teal = await startTeal(temporaryFolder(t));
  const targets = { blue: ['192.0.2.10'], green: ['192.0.2.20'] };
  await put(teal, '/v1/services/api.example.test', {
    pools: { blue: { weight: 1, targets: targets.blue }, green: { weight: 0, targets: targets.green } },
  });
  await put(teal, '/v1/services/app.example.test/weights', { blue: 1, green: 0 });
  // Odd states are green. `asked`: the shift was sent; `acknowledged`: its 2xx is here.
  let asked = 0;
  let acknowledged = 0;
  let done = false;
  const faults: string[] = [];
  let answers = 0;
  const client = async (index: number): Promise<void> => {
    const socket = await UdpClient.open('127.0.0.1', teal.dnsPort);
    for (let i = index; !done; i++) {
      const from = acknowledged;
      const reply = await socket.ask(buildQuery({ name: i % 2 === 0 ? 'app.example.test' : 'api.example.test' }));
      const isGreen = reply.answers[0]?.data === '192.0.2.20';
      // Only when no shift was under way from before the query to after the answer is the colour certain.
      if (from === asked && isGreen !== (from % 2 === 1)) faults.push(`state ${from}, green ${isGreen}`);
      answers++;
    }
    await socket.close();
  };
  const clients = Array.from({ length: 12 }, (_, i) => client(i));
  for (let state = 1; state <= 200; state++) {
    const weights = { blue: 1 - (state % 2), green: state % 2 };
    asked = state;
    const services = { 'app.example.test': weights, 'api.example.test': weights };
    const { status } = await teal.call('POST', '/v1/shifts', { services });
    if (status !== 200) faults.push(`status ${status}`);
    acknowledged = state;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  done = true;
  await Promise.all(clients);
  t.same(faults, []);
  t.ok(answers > 500, `${answers} answers`);
  await teal.end('SIGTERM');
});

t.test(
  'settings that are not loaded from the repository: an empty store without a bootstrap answers REFUSED',
  async (t) => {
    const folder = temporaryFolder(t);
    const config = join(folder, 'teal.yaml');
    writeFileSync(config, 'log:\n  level: info\n');
    const teal = await startTeal(folder, { config });
    t.equal((await askUdp('127.0.0.1', teal.dnsPort, buildQuery({ name: 'app.example.test' }))).rcode, 5);
    await teal.end('SIGTERM');
  },
);
