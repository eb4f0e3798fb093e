/** In a fleet every change's reply names the nodes that are behind, through whichever API it came and whether it has a body; and what may be old says so. */
import t, { type Test } from 'tap';
import { acmeDns } from '../../src/api/acme/acme-dns.ts';
import { httpreq } from '../../src/api/acme/httpreq.ts';
import { APIS, createApp } from '../../src/api/app.ts';
import { externalDns } from '../../src/api/external-dns/index.ts';
import type { ApiParts } from '../../src/api/parts.ts';
import { powerdns } from '../../src/api/powerdns/index.ts';
import type { CommandResult } from '../../src/control/commands/command.ts';
import { Problem } from '../../src/model/errors.ts';
import { basic, digest } from '../fixtures/acme-dns.ts';
import { ADMIN, makeDirectory, seed, startApi } from '../fixtures/api.ts';

const BEHIND = [
  { node: 'ns3', revision: 1 },
  { node: 'ns4', revision: 2, leftOut: ['example.test'] },
];
const PDNS = '/api/v1/servers/localhost/zones';
const CHALLENGE = { fqdn: '_acme-challenge.example.test.', value: digest(1) };
const EXTERNAL = 'application/external.dns.webhook+json;version=1';

/** Changes through each API, in this order: method, path, body, and more headers. */
const CHANGES: readonly [string, string, unknown?, Record<string, string>?][] = [
  ['PUT', '/v1/zones/example.test/rrsets/a.example.test/A', { ttlSeconds: 1, rdata: ['192.0.2.1'] }],
  ['DELETE', '/v1/zones/example.test/rrsets/a.example.test/A'],
  ['POST', '/v1/shifts', { services: { 'app.example.test': { blue: 1, green: 1 } } }],
  ['PUT', '/v1/zones/file.test/file', '@ 300 IN SOA a b 1 2 3 4 5\n@ 300 IN NS a\n', { 'content-type': 'text/dns' }],
  ['POST', PDNS, { name: 'pdns.test.', kind: 'Native', nameservers: ['ns1.pdns.test.'] }],
  ['PATCH', `${PDNS}/pdns.test.`, patch()],
  ['DELETE', `${PDNS}/pdns.test.`],
  ['POST', '/httpreq/present', CHALLENGE],
  ['POST', '/httpreq/cleanup', CHALLENGE],
  ['POST', '/acme-dns/register', undefined, { authorization: basic(ADMIN) }],
  [
    'POST',
    '/external-dns/records',
    { create: [{ dnsName: 'e.example.test', recordType: 'A', targets: ['192.0.2.9'] }] },
    { 'content-type': EXTERNAL, accept: EXTERNAL },
  ],
];
/** And reads. */
const READS = ['/v1/zones', PDNS, '/external-dns/records', '/v1/zones/example.test/file'];

function patch(): object {
  const record = { content: '192.0.2.7', disabled: false };
  return { rrsets: [{ name: 'w.pdns.test.', type: 'A', ttl: 60, changetype: 'REPLACE', records: [record] }] };
}

/** A server whose fleet is as told. */
async function open(t: Test, isCurrent: boolean, behind: typeof BEHIND) {
  const api = await startApi(makeDirectory(t));
  await seed(api);
  const { engine, zoneFiles } = api.parts;
  const inFleet = (result: CommandResult): CommandResult =>
    result instanceof Problem
      ? result
      : { ...result, fleet: { revision: result.revision, answering: ['ns1'], behind } };
  const parts = {
    ...api.parts,
    engine: {
      execute: async (...words: Parameters<typeof engine.execute>) => inFleet(await engine.execute(...words)),
      rehearse: engine.rehearse.bind(engine),
    },
    zoneFiles: {
      import: async (...words: Parameters<typeof zoneFiles.import>) => inFleet(await zoneFiles.import(...words)),
      export: zoneFiles.export.bind(zoneFiles),
      list: zoneFiles.list.bind(zoneFiles),
    },
    fleet: { isCurrent, catchUp: async () => isCurrent },
  } as unknown as ApiParts;
  const acme = acmeDns({ zone: 'example.test', registerFrom: [] });
  const app = createApp(parts, [...APIS, powerdns, externalDns, httpreq, acme]);
  t.teardown(async () => {
    await app.close();
    await api.close();
  });
  const keys = { authorization: `Bearer ${ADMIN}`, 'x-api-key': ADMIN };
  return async (method: string, url: string, body?: unknown, headers: Record<string, string> = {}) => {
    const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const typed = payload === undefined ? {} : { 'content-type': 'application/json' };
    const isHttpreq = url.startsWith('/httpreq');
    const own = isHttpreq ? { ...keys, authorization: basic(ADMIN) } : keys;
    const words = { ...own, ...typed, ...headers };
    return app.inject({ method: method as 'GET', url, headers: words, ...(payload !== undefined && { payload }) });
  };
}

t.test('while two nodes are behind', async (t) => {
  const ask = await open(t, true, BEHIND);
  for (const [method, url, body, headers] of CHANGES) {
    const reply = await ask(method, url, body, headers);
    t.ok(reply.statusCode < 300, `${method} ${url}: ${reply.statusCode} ${reply.body}`);
    t.equal(reply.headers['teal-behind'], '"ns3";revision=1, "ns4";revision=2;left-out', `${method} ${url}`);
    t.equal(reply.headers['teal-stale'], undefined);
  }
  const refused = await ask('PUT', '/v1/zones/example.test/rrsets/b.example.test/A', { ttlSeconds: 1, rdata: [] });
  t.equal(refused.statusCode, 422);
  t.equal(refused.headers['teal-behind'], undefined, 'nothing stands that somebody could be behind');
});

t.test('while all answer from it', async (t) => {
  const ask = await open(t, true, []);
  for (const [method, url, body, headers] of CHANGES) {
    t.equal((await ask(method, url, body, headers)).headers['teal-behind'], undefined, `${method} ${url}`);
  }
  for (const url of READS) t.equal((await ask('GET', url)).headers['teal-stale'], undefined, url);
});

t.test('at a node that cannot tell whether it is current', async (t) => {
  const ask = await open(t, false, BEHIND);
  for (const url of READS) {
    const reply = await ask('GET', url);
    t.equal(reply.statusCode, 200, `${url}: ${reply.body}`);
    t.equal(reply.headers['teal-stale'], 'true', url);
  }
  for (const [method, url, body, headers] of CHANGES) {
    t.equal((await ask(method, url, body, headers)).headers['teal-stale'], 'true', `${method} ${url}`);
  }
});
