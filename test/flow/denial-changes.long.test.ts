/**
 * A zone of a live server is proved by NSEC, NSEC3 and NSEC again while it is shifted and changed, and clients ask all the while:
 * each answer holds by itself, whole, so no resolver ever meets half of one form and half of the other.
 */
import { createPublicKey } from 'node:crypto';
import t from 'tap';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { readMessage } from '../fixtures/dnssec/message.ts';
import type { TestKey } from '../fixtures/dnssec/signer.ts';
import { type Trust, whyBogus } from '../fixtures/dnssec/validator.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import type { Case } from '../interop/validated/asking.ts';
import { casesIn, comesAndGoes, countedIn, recordsIn, servicesIn } from '../interop/validated/cases.ts';

const ZONE = 'hashed.example';
const SIGNED = `/v1/zones/${ZONE}/dnssec`;
const CHANGES = 8;
/** Answers to each client between two changes: some questions of every kind. */
const BETWEEN = 60;
const CLIENTS = 4;
const [A, DS] = [1, 43];
const [NSEC, NSEC3] = [47, 50];

const typeOf = ({ type }: Case): number => (typeof type === 'number' ? type : A);

async function must({ call }: TealProcess, method: string, path: string, body?: unknown) {
  // A connection that was idle may be closed by the server while a request goes out on it.
  const reply = await call(method, path, body, { connection: 'close' });
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

async function setUp(teal: TealProcess): Promise<Trust> {
  const zone = { nameservers: [`ns.${ZONE}`], hostmaster: `h.${ZONE}`, ttlSeconds: 5, negativeTtlSeconds: 2 };
  await must(teal, 'PUT', `/v1/zones/${ZONE}`, zone);
  const ds = `12345 13 2 ${'AB'.repeat(32)}`;
  for (const [what, rdata] of Object.entries(recordsIn(ZONE, ds))) {
    const [name, type] = what.split(' ');
    await must(teal, 'PUT', `/v1/zones/${ZONE}/rrsets/${name}/${type}`, { ttlSeconds: 5, rdata });
  }
  for (const [name, body] of Object.entries(servicesIn(ZONE))) await must(teal, 'PUT', `/v1/services/${name}`, body);
  const { keys } = await must(teal, 'PUT', SIGNED, { denial: 'nsec' });
  const { tag, dnskey } = keys[0] as { tag: number; dnskey: string };
  const point = Buffer.from(dnskey.split(' ').slice(3).join(''), 'base64');
  const [x, y] = [point.subarray(0, 32).toString('base64url'), point.subarray(32).toString('base64url')];
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } });
  return { zones: new Map([[ZONE, { tag, publicKey } as TestKey]]), isInsecure: () => false };
}

t.test('every answer holds while a zone changes how it proves', { timeout: 600_000 }, async (t) => {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.end('SIGKILL'));
  const trust = await setUp(teal);
  // What lies below a delegation is not the zone's own.
  const cases = casesIn(ZONE).filter(({ kind, type }) => type === DS || !/ delegation$/.test(kind));
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => UdpClient.open('127.0.0.1', teal.dnsPort)));
  const bogus = new Set<string>();
  const seen = { [NSEC]: 0, [NSEC3]: 0 };
  let [at, answers, isOver] = [0, 0, false];
  const ask = async (client: UdpClient, wanted = cases[at++ % cases.length] as Case): Promise<string | undefined> => {
    const name = wanted.name();
    const query = buildQuery({ name, type: wanted.type, edns: { do: true } });
    const message = readMessage(Buffer.from((await client.ask(query)).bytes));
    answers += 1;
    for (const type of [NSEC, NSEC3] as const)
      if (message.records.some((record) => record.type === type)) seen[type] += 1;
    const why = whyBogus(message, name.split('.'), typeOf(wanted), trust);
    return why && `${wanted.kind}: ${why}`;
  };
  const first = clients[0] as UdpClient;
  const oneOfMany = cases.find(({ kind }) => kind === 'services') as Case;
  const isAllSigned = async (): Promise<boolean> => {
    // A zone's names are signed at one instant, its services one after the other, before any parent vouches for them.
    const services = countedIn(ZONE).map((name): Case => ({ ...oneOfMany, name: () => name }));
    const all = await Promise.all([...cases, ...cases, ...services].map((wanted) => ask(first, wanted)));
    return all.every((why) => why === undefined);
  };
  while (!(await isAllSigned()));
  const asking = clients.map(async (client) => {
    while (!isOver) {
      const why = await ask(client);
      if (why !== undefined) bogus.add(why);
    }
  });
  for (let n = 1; n <= CHANGES; n++) {
    const denial = n % 2 === 1 ? 'nsec3' : 'nsec';
    await must(teal, 'PUT', SIGNED, { denial });
    const services = { [`app.${ZONE}`]: { blue: 100 * (n % 2), green: 100 - 100 * (n % 2) } };
    await must(teal, 'POST', '/v1/shifts', { services });
    const guest = `/v1/zones/${ZONE}/rrsets/${comesAndGoes(ZONE)}/A`;
    const body = { ttlSeconds: 1, rdata: [`192.0.2.${n}`] };
    await (n % 3 === 0 ? must(teal, 'DELETE', guest) : must(teal, 'PUT', guest, body));
    const other = denial === 'nsec3' ? NSEC3 : NSEC;
    const [before, shown] = [answers, seen[other]];
    while (answers < before + BETWEEN * CLIENTS || seen[other] < shown + BETWEEN)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }
  isOver = true;
  await Promise.all(asking);
  await Promise.all(clients.map((client) => client.close()));
  t.same([...bogus], []);
  t.comment(`${answers} answers, ${JSON.stringify(seen)}`);
});
