/** Which token may use which route: every route, by every scope, with and without limits. A new route needs a row. */
import t from 'tap';
import { TOKEN_SCOPES, type TokenBody, type TokenScope } from '../../src/model/token.ts';
import { type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';
import type { Document } from '../fixtures/openapi.ts';

/** What of the path or the body decides about a limited token; `filtered`: any may ask; `server`: none may. */
type Touches = 'service' | 'zone' | 'release' | 'filtered' | 'server';

interface Row {
  readonly scope: TokenScope;
  readonly touches: Touches;
  readonly body?: unknown;
  /** The scope `records` is let in too. */
  readonly orRecords?: boolean;
  /** Lets a request end that would not. */
  readonly query?: string;
}

/** These want no token. */
const open = ['/healthz', '/readyz'];

const zone = { nameservers: ['ns1.example.test'], hostmaster: 'hostmaster.example.test' };
const pools = { blue: { weight: 90, targets: ['192.0.2.10'] }, green: { weight: 10, targets: ['192.0.2.20'] } };
const release = { to: 'green', steps: [{ setWeight: 50 }, { pause: {} }] };
const row = (scope: TokenScope, touches: Touches, body?: unknown): Row => ({ scope, touches, body });

const routes: Readonly<Record<string, Row>> = {
  'get /v1/zones': row('read', 'filtered'),
  'get /v1/zones/{zone}': row('read', 'zone'),
  'put /v1/zones/{zone}': row('admin', 'zone', zone),
  'delete /v1/zones/{zone}': row('admin', 'zone'),
  'get /v1/zones/{zone}/file': row('read', 'zone'),
  'put /v1/zones/{zone}/file': row('admin', 'zone', '; nothing'),
  'get /v1/zones/{zone}/answers': { ...row('read', 'zone'), orRecords: true },
  'get /v1/zones/{zone}/rrsets': { ...row('read', 'zone'), orRecords: true },
  'get /v1/zones/{zone}/rrsets/{name}/{type}': { ...row('read', 'zone'), orRecords: true },
  'put /v1/zones/{zone}/rrsets/{name}/{type}': row('records', 'zone', { ttlSeconds: 60, rdata: ['"x"'] }),
  'delete /v1/zones/{zone}/rrsets/{name}/{type}': row('records', 'zone'),
  'post /v1/zones/{zone}/changes': row('records', 'zone', {
    changes: [{ add: { name: 'www.example.test', type: 'TXT', values: ['"x"'] } }],
  }),
  'get /v1/fleet': row('read', 'server'),
  'post /v1/fleet/init': row('admin', 'server', {}),
  'post /v1/fleet/leave': row('admin', 'server', {}),
  'delete /v1/fleet/nodes/{node}': row('admin', 'server'),
  'get /v1/services': row('read', 'filtered'),
  'get /v1/overview': row('read', 'filtered'),
  'get /v1/services/{name}': row('read', 'service'),
  'put /v1/services/{name}': row('admin', 'service', { pools }),
  'delete /v1/services/{name}': row('admin', 'service'),
  'get /v1/services/{name}/weights': row('read', 'service'),
  'put /v1/services/{name}/weights': row('shift', 'service', { blue: 1, green: 1 }),
  'post /v1/services/{name}/rollback': row('shift', 'service', {}),
  'post /v1/services': row('admin', 'service', {
    services: {
      'app.example.test': { pools: { blue: { targets: ['192.0.2.1'] }, green: { targets: ['192.0.2.2'] } } },
    },
    dryRun: true,
  }),
  // What it declares must be in reach: test/api/apply.test.ts.
  'post /v1/apply': row('admin', 'filtered', { dryRun: true }),
  'post /v1/shifts': row('shift', 'service', { services: { 'app.example.test': { blue: 1, green: 1 } } }),
  'get /v1/services/{name}/proposal': row('read', 'service'),
  'get /v1/services/{name}/health': row('read', 'service'),
  'put /v1/services/{name}/health/{pool}': row('shift', 'service', { state: 'down' }),
  'delete /v1/services/{name}/health/{pool}': row('shift', 'service'),
  'get /v1/services/{name}/drain': row('read', 'service'),
  'get /v1/services/{name}/hours': row('read', 'service'),
  'get /v1/services/{name}/explain': row('read', 'service'),
  'get /v1/services/{name}/history': row('read', 'service'),
  'get /v1/services/{name}/releases': row('read', 'service'),
  'get /v1/services/{name}/releases/{id}': row('read', 'service'),
  'post /v1/services/{name}/releases': row('release', 'service', release),
  'get /v1/releases': row('read', 'filtered'),
  'get /v1/releases/{id}': row('read', 'filtered'),
  'post /v1/releases': row('release', 'service', { services: ['app.example.test'], ...release }),
  ...Object.fromEntries(
    ['promote', 'pause', 'resume', 'abort', 'retry'].flatMap((verb) => [
      [`post /v1/releases/{id}/${verb}`, row('release', 'release', {})],
      [`post /v1/services/{name}/releases/{id}/${verb}`, row('release', 'release', {})],
    ]),
  ),
  'get /v1/revisions': row('read', 'filtered'),
  'get /v1/self': { ...row('read', 'filtered'), orRecords: true },
  'get /metrics': row('read', 'server'),
  'get /v1/events': { ...row('read', 'filtered'), query: '?lastEventId=x' },
  'get /v1/zones/{zone}/dnssec': row('read', 'zone'),
  'put /v1/zones/{zone}/dnssec': row('admin', 'zone', {}),
  'delete /v1/zones/{zone}/dnssec': row('admin', 'zone'),
  'post /v1/zones/{zone}/dnssec/roll': row('admin', 'zone', {}),
  'get /v1/zones/{zone}/dnssec/keys': row('admin', 'server'),
  'get /v1/proposals': row('read', 'filtered'),
  'get /v1/proposals/{id}': row('read', 'filtered'),
  // Of one that is there: test/api/proposals.test.ts.
  'post /v1/proposals/{id}/approve': row('release', 'filtered', {}),
  'post /v1/proposals/{id}/cancel': row('shift', 'filtered', {}),
  'post /v1/releases/{id}/approve': row('release', 'release', { revision: 1 }),
  'post /v1/services/{name}/releases/{id}/approve': row('release', 'release', { revision: 1 }),
  'get /v1/freezes': row('read', 'filtered'),
  'get /v1/freezes/{name}': row('read', 'filtered'),
  'put /v1/freezes/{name}': row('admin', 'server', {
    timeZone: 'UTC',
    windows: [{ from: 'Mon 1:00', to: 'Mon 2:00' }],
  }),
  'delete /v1/freezes/{name}': row('admin', 'server'),
  'post /v1/freezes': row('read', 'filtered', {
    dryRun: true,
    timeZone: 'UTC',
    windows: [{ from: 'Fri 16:00', to: 'Mon 08:00' }],
  }),
  'get /v1/webhooks': row('admin', 'server'),
  'get /v1/webhooks/{name}': row('admin', 'server'),
  'put /v1/webhooks/{name}': row('admin', 'server', { url: 'https://a.test/', triggers: ['on-revision'] }),
  'delete /v1/webhooks/{name}': row('admin', 'server'),
  'get /v1/webhooks/{name}/deliveries': row('admin', 'server'),
  'post /v1/webhooks/{name}/deliveries/{id}/redeliver': row('admin', 'server', {}),
  'post /v1/webhooks/{name}/test': row('admin', 'server', {}),
  'get /v1/tokens': row('admin', 'server'),
  'post /v1/tokens': row('admin', 'server', { name: 'more', scope: 'read' }),
  'get /v1/tokens/{name}': row('admin', 'server'),
  'delete /v1/tokens/{name}': row('admin', 'server'),
};

/** Limits, and what of the requests below each reaches. */
const limits: readonly { limits: Partial<TokenBody>; reaches: readonly Touches[] }[] = [
  { limits: {}, reaches: ['service', 'zone', 'release', 'server'] },
  { limits: { services: ['app.example.test'] }, reaches: ['service', 'release'] },
  { limits: { services: ['no.test', '*.example.test'] }, reaches: ['service', 'release'] },
  { limits: { services: ['*.app.example.test', 'api.example.test'] }, reaches: [] },
  { limits: { zones: ['example.test'] }, reaches: ['service', 'zone', 'release'] },
  { limits: { zones: ['*.test'] }, reaches: ['service', 'zone', 'release'] },
  { limits: { zones: ['*.example.test', 'other.test'], services: ['example.test'] }, reaches: [] },
];

/** The same of the scope `records`, which reaches neither services nor a whole zone, whatever its limits. */
const recordLimits: typeof limits = [
  { limits: {}, reaches: ['zone'] },
  { limits: { zones: ['example.test'] }, reaches: ['zone'] },
  { limits: { zones: ['*.test'], names: ['*.example.test'], types: ['TXT', 'A'] }, reaches: ['zone'] },
  { limits: { zones: ['*.example.test', 'other.test'] }, reaches: [] },
];

t.test('every route asks for its scope and reach', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const made = await api.request('POST', '/v1/services/app.example.test/releases', { body: release });
  const { paths } = (await api.app.inject('/openapi.json')).json<Document>();
  const operations = Object.entries(paths)
    .filter(([path]) => !open.includes(path))
    .flatMap(([path, byMethod]) => Object.keys(byMethod).map((method) => `${method} ${path}`));
  t.same(
    operations.filter((operation) => routes[operation] === undefined),
    [],
    'every route has a row',
  );

  let count = 0;
  for (const scope of TOKEN_SCOPES) {
    for (const { limits: limited, reaches } of scope === 'records' ? recordLimits : limits) {
      const token = await makeToken(api, { name: `t${++count}`, scope, ...limited });
      for (const [operation, asks] of Object.entries(routes)) {
        const isLet = includes(scope, asks) && (asks.touches === 'filtered' || reaches.includes(asks.touches));
        const reply = await tell(api, operation, asks, token, made.json().id);
        const where = `${operation} by ${scope} ${JSON.stringify(limited)}: ${reply.body}`;
        if (isLet) t.not(reply.statusCode, 403, where);
        else t.match(reply.json(), { status: 403, code: 'token_forbidden' }, where);
      }
    }
  }
  t.match(
    (await api.request('GET', '/v1/revisions?after=4')).json().items.map(({ kind }: { kind: string }) => kind),
    [...Array.from({ length: count }, () => 'token.create')],
  );
});

/** A request that changes nothing when it is let through: its If-Match is never met. */
function tell(api: ApiFixture, operation: string, { body, query = '' }: Row, token: string, id: string) {
  const [method = '', template = ''] = operation.split(' ');
  const names: Record<string, string> = {
    zone: 'example.test',
    name: 'app.example.test',
    pool: 'blue',
    type: 'TXT',
    id,
  };
  const url = template.replace(/\{([a-z]+)\}/g, (_, key: string) => names[key]);
  const headers = {
    ...(method === 'get' ? {} : { 'if-match': '"999"' }),
    ...(typeof body === 'string' && { 'content-type': 'text/dns' }),
  };
  return api.request(method.toUpperCase(), url + query, { token, headers, ...(body !== undefined && { body }) });
}

async function makeToken(api: ApiFixture, body: TokenBody): Promise<string> {
  const reply = await api.request('POST', '/v1/tokens', { body });
  t.equal(reply.statusCode, 201, reply.body);
  return reply.json().secret;
}

function includes(has: TokenScope, { scope: wanted, orRecords = false }: Row): boolean {
  if (has === 'records') return wanted === 'records' || orRecords;
  if (wanted === 'records') return has === 'admin';
  return ['read', 'shift', 'release', 'admin'].indexOf(has) >= ['read', 'shift', 'release', 'admin'].indexOf(wanted);
}
