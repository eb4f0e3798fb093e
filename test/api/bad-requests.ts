/** A table of bad requests, each with the refusal that it gets. */
import { READER, type RequestMore } from '../fixtures/api.ts';

/**
 * What is wrong, the request's method and URL, the status and code it gets and the JSON pointer where one is due (after
 * a space: it may be empty), and the rest of the request.
 */
export type BadRequest = readonly [what: string, to: string, gets: string, more?: RequestMore];

const zone = { nameservers: ['ns1.example.test'], hostmaster: 'hostmaster.example.test' };
const service = (more: object) => ({
  pools: { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 1, targets: ['192.0.2.2'] } },
  ...more,
});
const oneByte = { headers: { 'content-type': 'text/plain' }, body: 'x' };
const app = '/v1/services/app.example.test';
const weights = `PUT ${app}/weights`;
const rrset = 'PUT /v1/zones/example.test/rrsets/www.example.test';
const a = { ttlSeconds: 60, rdata: ['192.0.2.1'] };
const changes = 'POST /v1/zones/example.test/changes';
const ref = { name: 'www.example.test', type: 'A' };
const add = { ...ref, values: ['192.0.2.1'] };

const bodies: BadRequest[] = [
  ['no body', weights, '400 body_invalid '],
  ['an empty body', weights, '400 body_invalid ', { body: '' }],
  ['not JSON', weights, '400 body_invalid', { body: '{"blue":0,' }],
  ['JSON and more', weights, '400 body_invalid', { body: '{"blue":0,"green":1} x' }],
  ['NaN', weights, '400 body_invalid', { body: '{"blue":NaN,"green":1}' }],
  ['not UTF-8', weights, '400 body_invalid', { body: Buffer.from('{"blue":0,"gr\xfcn":1}', 'latin1') }],
  ['null', weights, '400 body_invalid ', { body: 'null' }],
  ['an array', weights, '400 body_invalid ', { body: '[0,1]' }],
  ['a deep array', weights, '400 body_invalid', { body: '['.repeat(30_000) }],
  ['a deep array that ends', weights, '400 body_invalid ', { body: '['.repeat(9000) + ']'.repeat(9000) }],
  ['a weight as text', weights, '400 body_invalid /blue', { body: { blue: '0', green: 100 } }],
  ['a weight that is null', weights, '400 body_invalid /green', { body: { blue: 0, green: null } }],
  ['a pool twice', weights, '400 body_invalid', { body: '{"blue":0,"green":1,"blue":5}' }],
  ['a pool twice, disguised', weights, '400 body_invalid', { body: '{"blue":0,"green":1,"bl\\u0075e":5}' }],
  ['__proto__', weights, '400 body_invalid', { body: '{"__proto__":{"blue":1},"green":1}' }],
  [
    '__proto__, disguised',
    'POST /v1/shifts',
    '400 body_invalid',
    { body: '{"services":{"\\u005f_proto__":{"blue":1}}}' },
  ],
  ['a body that is too large', weights, '413 body_too_large', { body: `{"blue":${'1'.repeat(70_000)}}` }],
  ['text', weights, '415 media_type_unknown', { ...oneByte }],
  [
    'a type like JSON',
    weights,
    '415 media_type_unknown',
    { body: '{}', headers: { 'content-type': 'application/jsonx' } },
  ],
  ['a broken media type', weights, '415 media_type_unknown', { body: '{}', headers: { 'content-type': 'json' } }],
  ['a compressed body', weights, '415 media_type_unknown', { body: '{}', headers: { 'content-encoding': 'gzip' } }],
  ['an unknown property', `PUT ${app}`, '400 body_invalid /ttl', { body: service({ ttl: 5 }) }],
  [
    'an unknown property, deep',
    `PUT ${app}`,
    '400 body_invalid /pools/blue/wieght',
    { body: { pools: { blue: { wieght: 1, targets: [] } } } },
  ],
  [
    'a target that is a number',
    `PUT ${app}`,
    '400 body_invalid /pools/blue/targets/1',
    { body: { pools: { blue: { targets: ['192.0.2.1', 5] } } } },
  ],
  [
    'a missing property',
    'PUT /v1/zones/a.test',
    '400 body_invalid /hostmaster',
    { body: { nameservers: ['ns.a.test'] } },
  ],
  [
    'a missing property, deep',
    `PUT ${app}`,
    '400 body_invalid /pools/blue/targets',
    { body: { pools: { blue: { weight: 1 } } } },
  ],
  ['an unknown pick', `PUT ${app}`, '400 body_invalid /pick', { body: service({ pick: 'best' }) }],
  ['a salt that is a number', `PUT ${app}`, '400 body_invalid /salt', { body: service({ salt: 1 }) }],
  ['a salt of other letters', `PUT ${app}`, '422 service_invalid /salt', { body: service({ salt: 'x'.repeat(32) }) }],
  ['pins that are no list', `PUT ${app}`, '400 body_invalid /pins', { body: service({ pins: {} }) }],
  [
    'a pin without a pool',
    `PUT ${app}`,
    '400 body_invalid /pins/0/pool',
    { body: service({ pins: [{ network: '192.0.2.0/24' }] }) },
  ],
  [
    'a pin of no network',
    `PUT ${app}`,
    '422 service_invalid /pins/0/network',
    { body: service({ pins: [{ network: 'the office', pool: 'blue' }] }) },
  ],
  [
    'a pin to no pool',
    `PUT ${app}`,
    '422 pool_unknown /pins/0/pool',
    { body: service({ pins: [{ network: '192.0.2.0/24', pool: 'red' }] }) },
  ],
  ['a pool name with / and ~', `PUT ${app}`, '400 body_invalid /pools/a~1b~0c', { body: { pools: { 'a/b~c': 1 } } }],
  ['a pool name with a line break', `PUT ${app}`, '400 body_invalid /pools/a\nb', { body: { pools: { 'a\nb': 1 } } }],
  ['a revision as text', `POST ${app}/rollback`, '400 body_invalid /revision', { body: { revision: '2' } }],
  ['a revision below 1', `POST ${app}/rollback`, '400 body_invalid /revision', { body: { revision: 0 } }],
  ['half a revision', `POST ${app}/rollback`, '400 body_invalid /revision', { body: { revision: 1.5 } }],
  ['a shift of nothing', 'POST /v1/shifts', '400 body_invalid /services', { body: { services: {} } }],
  [
    'a service twice',
    'POST /v1/shifts',
    '400 body_invalid /services/APP.example.test.',
    { body: { services: { 'app.example.test': { blue: 1, green: 1 }, 'APP.example.test.': { blue: 0, green: 1 } } } },
  ],
];

const values: BadRequest[] = [
  ['a negative weight', weights, '422 weights_invalid /blue', { body: { blue: -1, green: 100 } }],
  ['half a weight', weights, '422 weights_invalid /blue', { body: { blue: 0.5, green: 100 } }],
  ['a weight above 65535', weights, '422 weights_invalid /blue', { body: { blue: 65536, green: 0 } }],
  ['a huge weight', weights, '422 weights_invalid /blue', { body: { blue: 1e300, green: 0 } }],
  ['all weights 0', weights, '422 weights_all_zero ', { body: { blue: 0, green: 0 } }],
  ['a pool left out', weights, '422 pools_mismatch ', { body: { blue: 1 } }],
  ['an unknown pool', weights, '422 pools_mismatch ', { body: { blue: 1, green: 1, red: 1 } }],
  [
    'a pool left out that every object seems to have',
    weights,
    '422 pools_mismatch ',
    { body: { constructor: 1, blue: 1 } },
  ],
  [
    'a shift with one bad service',
    'POST /v1/shifts',
    '422 weights_all_zero /services/api.example.test',
    { body: { services: { 'app.example.test': { blue: 0, green: 1 }, 'api.example.test': { blue: 0, green: 0 } } } },
  ],
  [
    'one pool only',
    'PUT /v1/services/new.example.test',
    '422 service_invalid /pools',
    { body: { pools: { blue: { weight: 1, targets: ['192.0.2.1'] } } } },
  ],
  [
    'addresses beside a host name',
    `PUT ${app}`,
    '422 targets_mixed /pools',
    {
      body: {
        pools: { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 1, targets: ['b.example.net'] } },
      },
    },
  ],
  [
    'a new pool without a weight',
    `PUT ${app}`,
    '422 weights_invalid /pools/red/weight',
    { body: { pools: { blue: { targets: ['192.0.2.1'] }, red: { targets: ['192.0.2.2'] } } } },
  ],
  ['a TTL below 0', `PUT ${app}`, '422 ttl_invalid /ttlSeconds', { body: service({ ttlSeconds: -1 }) }],
  ['health of an unknown service', 'GET /v1/services/no.example.test/health', '404 service_unknown'],
  ['a state that is none', `PUT ${app}/health/blue`, '400 body_invalid /state', { body: { state: 'sick' } }],
  ['a forced pool that is none', `PUT ${app}/health/red`, '422 pool_unknown', { body: { state: 'up' } }],
  [
    'a forced target that is none',
    `PUT ${app}/health/blue`,
    '422 health_invalid /target',
    { body: { state: 'up', target: '192.0.2.99' } },
  ],
  [
    'a state forced for no time',
    `PUT ${app}/health/blue`,
    '422 health_invalid /durationSeconds',
    { body: { state: 'up', durationSeconds: 0 } },
  ],
  ['a state let go of no target', `DELETE ${app}/health/blue?target=192.0.2.99`, '422 health_invalid /target'],
  ['a state let go of no pool', `DELETE ${app}/health/red`, '422 pool_unknown'],
  ['a check of nothing', `PUT ${app}`, '422 health_invalid /health', { body: service({ health: {} }) }],
  [
    'a check at no port',
    `PUT ${app}`,
    '422 health_invalid /health/tcp/port',
    { body: service({ health: { tcp: { port: 70_000 } } }) },
  ],
  [
    'a check with an unknown property',
    `PUT ${app}`,
    '400 body_invalid /health/http/url',
    { body: service({ health: { http: { url: '/' } } }) },
  ],
  [
    'a place for a target that is none',
    `PUT ${app}`,
    '422 health_invalid /health/probe/192.0.2.9',
    { body: service({ health: { http: {}, probe: { '192.0.2.9': '10.0.0.1' } } }) },
  ],
  ['a service in no zone', 'PUT /v1/services/app.example.net', '422 name_outside_zones', { body: service({}) }],
  [
    'a service at an apex with a host name',
    'PUT /v1/services/example.test',
    '409 apex_conflict',
    {
      body: {
        pools: { blue: { weight: 1, targets: ['a.example.net'] }, green: { weight: 0, targets: ['b.example.net'] } },
      },
    },
  ],
  [
    'a zone without nameservers',
    'PUT /v1/zones/b.test',
    '422 zone_invalid /nameservers',
    { body: { ...zone, nameservers: [] } },
  ],
  [
    'RDATA that is none',
    `${rrset}/A`,
    '422 rdata_invalid /rdata/1',
    { body: { ttlSeconds: 60, rdata: ['192.0.2.1', 'x'] } },
  ],
  ['no changes', changes, '422 changes_invalid /changes', { body: { changes: [] } }],
  ['a change of nothing', changes, '422 changes_invalid /changes/0', { body: { changes: [{}] } }],
  [
    'two changes in one',
    changes,
    '422 changes_invalid /changes/1',
    { body: { changes: [{ add }, { add, delete: ref }] } },
  ],
  [
    'too many changes',
    changes,
    '422 changes_invalid /changes',
    { body: { changes: Array(1001).fill({ delete: { name: 'a', type: 'A' } }) } },
  ],
  ['a change that is not known', changes, '400 body_invalid /changes/0/set', { body: { changes: [{ set: add }] } }],
  [
    'a change without a type',
    changes,
    '400 body_invalid /changes/0/delete/type',
    { body: { changes: [{ delete: { name: 'a' } }] } },
  ],
  [
    'no value to add',
    changes,
    '422 rrset_invalid /changes/0/add/values',
    { body: { changes: [{ add: { ...add, values: [] } }] } },
  ],
  [
    'a value that is none',
    changes,
    '422 rdata_invalid /changes/1/add/values/1',
    { body: { changes: [{ add }, { add: { ...ref, values: ['192.0.2.1', 'x'] } }] } },
  ],
  [
    'a value to remove that is none',
    changes,
    '422 rdata_invalid /changes/0/remove/values/0',
    { body: { changes: [{ remove: { ...ref, values: ['x'] } }] } },
  ],
  [
    'RDATA in a list that is none',
    changes,
    '422 rdata_invalid /changes/0/put/rdata/1',
    { body: { changes: [{ put: { ...ref, ttlSeconds: 60, rdata: ['192.0.2.1', 'x'] } }] } },
  ],
  [
    'a name outside the zone of the list',
    changes,
    '422 name_outside_zones /changes/1/delete/name',
    { body: { changes: [{ add }, { delete: { ...ref, name: 'www' } }] } },
  ],
  [
    'a type in a list that is none',
    changes,
    '400 type_unknown /changes/0/delete/type',
    { body: { changes: [{ delete: { ...ref, type: 'FOO' } }] } },
  ],
  [
    'a name in a list that is none',
    changes,
    '400 name_invalid /changes/0/delete/name',
    { body: { changes: [{ delete: { ...ref, name: 'a..b' } }] } },
  ],
  [
    'changes of an unknown zone',
    'POST /v1/zones/example.net/changes',
    '404 zone_unknown',
    { body: { changes: [{ add }] } },
  ],
  ['no RDATA', `${rrset}/A`, '422 rrset_invalid /rdata', { body: { ttlSeconds: 60, rdata: [] } }],
  ['an unknown type', `${rrset}/AB`, '400 type_unknown', { body: a }],
  ['a type of questions', `${rrset}/ANY`, '400 type_unknown', { body: a }],
  ['a name outside its zone', 'PUT /v1/zones/example.test/rrsets/www.test/A', '422 name_outside_zones', { body: a }],
  [
    'an RRset where a service stands',
    'PUT /v1/zones/example.test/rrsets/app.example.test/A',
    '409 service_conflict',
    { body: a },
  ],
  [
    'NS at the apex',
    'PUT /v1/zones/example.test/rrsets/example.test/NS',
    '409 apex_conflict',
    { body: { ttlSeconds: 60, rdata: ['ns.example.test.'] } },
  ],
  ['a zone with services', 'DELETE /v1/zones/example.test', '409 zone_has_services'],
  ['nothing to roll back', `POST ${app}/rollback`, '409 nothing_to_roll_back', { body: {} }],
  ['a revision before the service', `POST ${app}/rollback`, '404 revision_unknown', { body: { revision: 1 } }],
  ['a revision yet to come', `POST ${app}/rollback`, '404 revision_unknown', { body: { revision: 999 } }],
];

const places: BadRequest[] = [
  ['an unknown zone', 'GET /v1/zones/example.net', '404 zone_unknown'],
  ['an unknown RRset', 'GET /v1/zones/example.test/rrsets/www.example.test/A', '404 rrset_unknown'],
  ['an unknown service', 'DELETE /v1/services/www.example.test', '404 service_unknown'],
  [
    'weights of an unknown service',
    'PUT /v1/services/no.example.test/weights',
    '404 service_unknown',
    { body: { blue: 1 } },
  ],
  ['history of an unknown service', 'GET /v1/services/no.example.test/history', '404 service_unknown'],
  ['the drain report of an unknown service', 'GET /v1/services/no.example.test/drain', '404 service_unknown'],
  ['an unknown path', 'GET /v1/sones', '404 route_unknown'],
  ['an unknown path with a body of no use', 'POST /v1/sones', '404 route_unknown', { ...oneByte }],
  ['an unknown path with a broken body', 'POST /v1/sones', '404 route_unknown', { body: '{' }],
  ['an unknown path with a large body', 'POST /v1/sones', '404 route_unknown', { body: ' '.repeat(70_000) }],
  ['a path too long', `GET ${app}/weights/blue`, '404 route_unknown'],
  ['a method that the path has not', `PATCH ${app}`, '405 method_unknown', { body: {} }],
  ['the same with a broken body', `POST ${app}`, '405 method_unknown', { ...oneByte }],
  ['a method of WebDAV', 'PROPFIND /v1/zones', '405 method_unknown'],
  ['a preflight', 'OPTIONS /v1/zones', '405 method_unknown'],
  ['an empty name', 'GET /v1/zones/', '400 name_invalid'],
  ['an empty label', 'GET /v1/zones/a..test', '400 name_invalid'],
  ['a label of 64 bytes', `GET /v1/zones/${'a'.repeat(64)}.test`, '400 name_invalid'],
  ['a name of 1,000 labels', `GET /v1/zones/${'a.'.repeat(1000)}test`, '400 name_invalid'],
  ['a name beyond ASCII', 'GET /v1/zones/b%C3%BCcher.test', '400 name_invalid'],
  ['a zero byte', 'GET /v1/zones/a%00.test', '400 name_invalid'],
  ['a name with a space', 'GET /v1/services/a%20b.test', '400 name_invalid'],
  ['a bad escape in a name', 'GET /v1/services/a%5C999.test', '400 name_invalid'],
  ['a wildcard in the middle', 'PUT /v1/services/a.%2A.example.test', '400 name_invalid', { body: service({}) }],
  ['a broken percent-encoding', 'GET /v1/zones/a%zz.test', '400 url_invalid'],
  ['a percent-encoded byte that is not UTF-8', 'GET /v1/zones/a%ff.test', '400 url_invalid'],
  ['an unknown query parameter', 'GET /v1/zones?page=2', '400 query_invalid'],
  ['a limit of 0', 'GET /v1/zones?limit=0', '400 query_invalid'],
  ['a limit above the most', 'GET /v1/zones?limit=1001', '400 query_invalid'],
  ['a limit in words', 'GET /v1/zones?limit=ten', '400 query_invalid'],
  ['a limit in hexadecimal', 'GET /v1/zones?limit=0x10', '400 query_invalid'],
  ['half a limit', 'GET /v1/zones?limit=1.5', '400 query_invalid'],
  ['a limit twice', 'GET /v1/zones?limit=1&limit=2', '400 query_invalid'],
  ['an `after` of RRsets that is none', 'GET /v1/zones/example.test/rrsets?after=www', '400 query_invalid'],
  ['an `after` of names that is none', 'GET /v1/services?after=a..b', '400 name_invalid'],
  ['an `after` of revisions that is none', 'GET /v1/revisions?after=x', '400 query_invalid'],
  ['an order of revisions that is none', 'GET /v1/revisions?order=best', '400 query_invalid'],
  ['a state of releases to look for that is none', 'GET /v1/releases?state=done', '400 query_invalid'],
  ['an unknown check', `GET ${app}/drain?check=later`, '400 query_invalid'],
  ['an unknown order', `GET ${app}/history?order=up`, '400 query_invalid'],
  ['services=keep', 'DELETE /v1/zones/example.test?services=keep', '400 query_invalid'],
];

const headers: BadRequest[] = [
  ['no token', 'GET /v1/zones', '401 token_missing', { token: null }],
  ['a password', 'GET /v1/zones', '401 token_missing', { token: null, headers: { authorization: 'Basic YTpi' } }],
  ['a wrong token', 'GET /v1/zones', '401 token_invalid', { token: 'guess' }],
  ['a wrong token and a broken body', weights, '401 token_invalid', { token: 'guess', body: '{' }],
  ['no token, unknown path', 'GET /', '401 token_missing', { token: null }],
  ['a write by a reader', weights, '403 token_forbidden', { token: READER, body: { blue: 1, green: 1 } }],
  ['a delete by a reader', `DELETE ${app}`, '403 token_forbidden', { token: READER }],
  ['a shift by a reader', 'POST /v1/shifts', '403 token_forbidden', { token: READER, body: '{' }],
  [
    'If-Match without quotes',
    weights,
    '400 header_invalid',
    { body: { blue: 1, green: 1 }, headers: { 'if-match': '2' } },
  ],
  [
    'an If-Match that is stale',
    weights,
    '412 revision_stale',
    { body: { blue: 1, green: 1 }, headers: { 'if-match': '"1"' } },
  ],
  ['a weak If-Match', weights, '412 revision_stale', { body: { blue: 1, green: 1 }, headers: { 'if-match': 'W/"2"' } }],
  [
    'an If-Match of another server',
    weights,
    '412 revision_stale',
    { body: { blue: 1, green: 1 }, headers: { 'if-match': '"33a64df5"' } },
  ],
  [
    'If-Match * on what is not there',
    'PUT /v1/services/new.example.test',
    '412 revision_stale',
    { body: service({}), headers: { 'if-match': '*' } },
  ],
  [
    'If-None-Match * on what is there',
    `PUT ${app}`,
    '412 revision_stale',
    { body: service({}), headers: { 'if-none-match': '*' } },
  ],
  [
    'If-None-Match without quotes on a write',
    `PUT ${app}`,
    '400 header_invalid',
    { body: service({}), headers: { 'if-none-match': '2' } },
  ],
  [
    'an empty Idempotency-Key',
    'POST /v1/shifts',
    '400 header_invalid',
    { body: { services: {} }, headers: { 'idempotency-key': '' } },
  ],
  [
    'an Idempotency-Key of 256 characters',
    'POST /v1/shifts',
    '400 header_invalid',
    { body: { services: {} }, headers: { 'idempotency-key': 'k'.repeat(256) } },
  ],
  [
    'an Idempotency-Key beyond ASCII',
    'POST /v1/shifts',
    '400 header_invalid',
    { body: { services: {} }, headers: { 'idempotency-key': 'ké' } },
  ],
];

const tokens: BadRequest[] = [
  ['a token without a name', 'POST /v1/tokens', '400 body_invalid /name', { body: { scope: 'read' } }],
  ['a token of no scope', 'POST /v1/tokens', '400 body_invalid /scope', { body: { name: 'a', scope: 'write' } }],
  [
    'a token with a secret',
    'POST /v1/tokens',
    '400 body_invalid /secret',
    { body: { name: 'a', scope: 'read', secret: 'b' } },
  ],
  [
    'a token of an owner of two lines',
    'POST /v1/tokens',
    '422 token_owner_invalid /owner',
    { body: { name: 'a', scope: 'read', owner: 'ann\nbob' } },
  ],
  ['a token with a space', 'POST /v1/tokens', '422 token_name_invalid /name', { body: { name: 'a b', scope: 'read' } }],
  [
    'a token called like those of the settings',
    'POST /v1/tokens',
    '422 token_name_invalid /name',
    { body: { name: 'settings-admin', scope: 'admin' } },
  ],
  [
    'a pattern with a star in the middle',
    'POST /v1/tokens',
    '422 pattern_invalid /services/1',
    { body: { name: 'a', scope: 'read', services: ['a.test', 'a.*.test'] } },
  ],
  [
    'limits to nothing',
    'POST /v1/tokens',
    '422 pattern_invalid /zones',
    { body: { name: 'a', scope: 'read', zones: [] } },
  ],
  [
    'a token that has expired already',
    'POST /v1/tokens',
    '422 expiry_invalid /expiresAt',
    { body: { name: 'a', scope: 'read', expiresAt: '2020-01-01T00:00:00Z' } },
  ],
  ['an unknown token', 'DELETE /v1/tokens/nobody', '404 token_unknown'],
  ['a token of the settings', 'DELETE /v1/tokens/settings-admin', '404 token_unknown'],
  ['tokens for a reader', 'GET /v1/tokens', '403 token_forbidden', { token: READER }],
];

const hook = { url: 'https://a.test/', triggers: ['on-revision'] };
const webhooks: BadRequest[] = [
  ['a webhook without a URL', 'PUT /v1/webhooks/a', '400 body_invalid /url', { body: { triggers: [] } }],
  [
    'a trigger of Argo',
    'PUT /v1/webhooks/a',
    '400 body_invalid /triggers/0',
    { body: { ...hook, triggers: ['on-rollout-paused'] } },
  ],
  [
    'a webhook of no trigger',
    'PUT /v1/webhooks/a',
    '422 webhook_invalid /triggers',
    { body: { ...hook, triggers: [] } },
  ],
  [
    'a webhook to a file',
    'PUT /v1/webhooks/a',
    '422 webhook_invalid /url',
    { body: { ...hook, url: 'file:///etc/passwd' } },
  ],
  [
    'a webhook with a password',
    'PUT /v1/webhooks/a',
    '422 webhook_invalid /url',
    { body: { ...hook, url: 'http://a:b@c.test' } },
  ],
  ['a short secret', 'PUT /v1/webhooks/a', '422 webhook_invalid /secret', { body: { ...hook, secret: 'whsec_AAAA' } }],
  ['a webhook with a space', 'PUT /v1/webhooks/a%20b', '422 webhook_invalid', { body: hook }],
  ['an unknown webhook', 'DELETE /v1/webhooks/a', '404 webhook_unknown'],
  ['webhooks for a reader', 'GET /v1/webhooks', '403 token_forbidden', { token: READER }],
];

export const badRequests: readonly BadRequest[] = [...bodies, ...values, ...places, ...headers, ...tokens, ...webhooks];
