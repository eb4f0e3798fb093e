/** The OpenAPI document and its pages. Every other test of the API holds its replies against the document. */
import { Validator } from '@seriousme/openapi-schema-validator';
import t from 'tap';
import { Compile } from 'typebox/schema';
import { problemStatus } from '../../src/model/errors.ts';
import { makeDirectory, startApi } from '../fixtures/api.ts';
import type { Document } from '../fixtures/openapi.ts';

/** Refusals that belong to no operation: the request never comes to one. */
const beforeRouting = ['host_unknown', 'route_unknown', 'method_unknown', 'headers_too_large'];

t.test('the document', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  const reply = await api.app.inject('/openapi.json');
  const document = reply.json<Document>();
  const operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ path, method, operation })),
  );

  await t.test('is valid OpenAPI 3.1', async (t) => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document) as object as Record<string, unknown>);
    t.same(result.errors ?? [], []);
    t.equal(validator.version, '3.1');
  });

  await t.test('describes every route, and no other', async (t) => {
    const routes: string[] = [];
    for (const { path, method } of operations) {
      routes.push(`${method} ${path}`);
      t.ok(api.app.hasRoute({ method: method.toUpperCase() as 'GET', url: path.replace(/\{([a-z]+)\}/g, ':$1') }));
    }
    t.matchOnlyStrict(routes.sort(), [
      'delete /v1/fleet/nodes/{node}',
      'delete /v1/freezes/{name}',
      'delete /v1/services/{name}',
      'delete /v1/services/{name}/health/{pool}',
      'delete /v1/tokens/{name}',
      'delete /v1/webhooks/{name}',
      'delete /v1/zones/{zone}',
      'delete /v1/zones/{zone}/dnssec',
      'delete /v1/zones/{zone}/rrsets/{name}/{type}',
      'get /healthz',
      'get /metrics',
      'get /readyz',
      'get /v1/events',
      'get /v1/fleet',
      'get /v1/freezes',
      'get /v1/freezes/{name}',
      'get /v1/overview',
      'get /v1/proposals',
      'get /v1/proposals/{id}',
      'get /v1/releases',
      'get /v1/releases/{id}',
      'get /v1/revisions',
      'get /v1/self',
      'get /v1/services',
      'get /v1/services/{name}',
      'get /v1/services/{name}/drain',
      'get /v1/services/{name}/explain',
      'get /v1/services/{name}/health',
      'get /v1/services/{name}/history',
      'get /v1/services/{name}/hours',
      'get /v1/services/{name}/proposal',
      'get /v1/services/{name}/releases',
      'get /v1/services/{name}/releases/{id}',
      'get /v1/services/{name}/weights',
      'get /v1/tokens',
      'get /v1/tokens/{name}',
      'get /v1/webhooks',
      'get /v1/webhooks/{name}',
      'get /v1/webhooks/{name}/deliveries',
      'get /v1/zones',
      'get /v1/zones/{zone}',
      'get /v1/zones/{zone}/answers',
      'get /v1/zones/{zone}/dnssec',
      'get /v1/zones/{zone}/dnssec/keys',
      'get /v1/zones/{zone}/file',
      'get /v1/zones/{zone}/rrsets',
      'get /v1/zones/{zone}/rrsets/{name}/{type}',
      'post /v1/apply',
      'post /v1/fleet/init',
      'post /v1/fleet/leave',
      'post /v1/freezes',
      'post /v1/proposals/{id}/approve',
      'post /v1/proposals/{id}/cancel',
      'post /v1/releases',
      'post /v1/releases/{id}/abort',
      'post /v1/releases/{id}/approve',
      'post /v1/releases/{id}/pause',
      'post /v1/releases/{id}/promote',
      'post /v1/releases/{id}/resume',
      'post /v1/releases/{id}/retry',
      'post /v1/services',
      'post /v1/services/{name}/releases',
      'post /v1/services/{name}/releases/{id}/abort',
      'post /v1/services/{name}/releases/{id}/approve',
      'post /v1/services/{name}/releases/{id}/pause',
      'post /v1/services/{name}/releases/{id}/promote',
      'post /v1/services/{name}/releases/{id}/resume',
      'post /v1/services/{name}/releases/{id}/retry',
      'post /v1/services/{name}/rollback',
      'post /v1/shifts',
      'post /v1/tokens',
      'post /v1/webhooks/{name}/deliveries/{id}/redeliver',
      'post /v1/webhooks/{name}/test',
      'post /v1/zones/{zone}/changes',
      'post /v1/zones/{zone}/dnssec/roll',
      'put /v1/freezes/{name}',
      'put /v1/services/{name}',
      'put /v1/services/{name}/health/{pool}',
      'put /v1/services/{name}/weights',
      'put /v1/webhooks/{name}',
      'put /v1/zones/{zone}',
      'put /v1/zones/{zone}/dnssec',
      'put /v1/zones/{zone}/file',
      'put /v1/zones/{zone}/rrsets/{name}/{type}',
    ]);
  });

  await t.test('says of every operation what it is for and what it may refuse', async (t) => {
    const ids = operations.map(({ operation }) => operation.operationId);
    t.equal(new Set(ids).size, ids.length, 'each has an id of its own');
    for (const { path, method, operation } of operations) {
      const where = `${method} ${path}`;
      t.ok(operation.summary && operation.operationId && operation.tags?.length, where);
      t.match(operation.description, /\w{3}.*\.$/s, `${where} is described`);
      if (path.startsWith('/v1') || path === '/metrics')
        t.match(
          operation,
          { security: [{ token: [] }], 'x-scope': /^(read|shift|release|admin|records|read or records)$/ },
          `${where} wants a token`,
        );
      else t.same(operation.security, [], `${where} is open`);
    }
    const texts = JSON.stringify(operations);
    const missing = Object.keys(problemStatus).filter((code) => !texts.includes(`\`${code}\``));
    t.same(missing.sort(), beforeRouting.sort(), 'every code is said where it may come');
  });

  await t.test('says whose it is, which version, and what its tags are', async (t) => {
    t.match(document.info, { version: '0.0.0', license: { identifier: 'Apache-2.0' }, contact: { name: String } });
    const used = new Set(operations.flatMap(({ operation }) => operation.tags ?? []));
    t.same([...used].sort(), document.tags.map(({ name }) => name).sort());
    for (const { name, description } of document.tags) t.match(description, /\.$/, name);
  });

  await t.test('has a body for every write, and demands none that may be left out', async (t) => {
    const optional = operations.filter(({ operation }) => operation.requestBody?.required === false);
    for (const { method, path } of optional) {
      const url = path.replaceAll(/\{\w+\}/g, 'none');
      const reply = await api.request(method.toUpperCase(), url);
      t.notMatch(reply.json().code, 'body_invalid', `${path} takes no body`);
    }
    t.equal(optional.length, 18);
    const without = operations.filter(
      ({ method, operation }) => ['put', 'post'].includes(method) && operation.requestBody === undefined,
    );
    t.same(without, []);
    t.match(document.paths['/v1/zones/{zone}/file']?.put?.requestBody, {
      required: true,
      content: { 'text/dns': { schema: { type: 'string' } } },
    });
    t.notMatch(JSON.stringify(document), 'x-body');
  });

  await t.test('has every JSON body by its name, closed, with an example of the right shape', async (t) => {
    const { schemas } = document.components;
    for (const { path, method, operation } of operations) {
      const content = operation.requestBody?.content['application/json'];
      if (content === undefined) continue;
      const { $ref = '' } = content.schema as { $ref?: string };
      const body = schemas[$ref.replace('#/components/schemas/', '')] as { examples?: unknown[] } & object;
      t.ok(body?.examples?.length, `${method} ${path}`);
      // A map with members of its own, such as weights with a reason, says what each further member is.
      const isOpen = (more: unknown) => more !== false && (typeof more !== 'object' || more === null);
      const open = placesOf(body, (each) => each.properties !== undefined && isOpen(each.additionalProperties));
      t.same(open, [], `${$ref} is closed`);
    }
    for (const [name, schema] of Object.entries(schemas)) {
      const { examples = [] } = schema as { examples?: unknown[] };
      const validator = Compile({ ...schema, components: { schemas } });
      for (const example of examples) t.ok(validator.Check(example), name);
    }
  });

  await t.test('has open replies: a new field breaks no client', async (t) => {
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      if (!name.endsWith('Body')) t.notMatch(JSON.stringify(schema), '"additionalProperties":false', name);
    }
    const [, page] = Object.entries(document.paths['/v1/zones']?.get?.responses['200']?.content ?? {})[0] ?? [];
    t.match(page, { schema: { properties: { items: {} } } });
    t.notMatch(JSON.stringify(page), '"additionalProperties":false');
  });

  await t.test('has whole numbers with bounds', async (t) => {
    const isWhole = ({ type }: Record<string, unknown>) => [type].flat().includes('integer');
    const isBound = (bound: unknown) => typeof bound === 'number';
    const unbound = placesOf(document, (each) => isWhole(each) && !(isBound(each.minimum) && isBound(each.maximum)));
    t.same(unbound, []);
    t.ok(placesOf(document, isWhole).length > 100, 'this check can fail');
    // What else is a number has decimals.
    const places = placesOf(document.components.schemas, ({ type }) => [type].flat().includes('number'));
    const decimal = /\/(?:shares|split|share|setWeight|duration|thresholdRange|value|errorPercent|observed)(?:\/|$)/;
    t.same(
      places.filter((place) => !decimal.test(place)),
      [],
    );
  });
});

/** Where in a document objects are that fit. */
function placesOf(document: unknown, fits: (each: Record<string, unknown>) => boolean, place = ''): string[] {
  if (typeof document !== 'object' || document === null) return [];
  const within = Object.entries(document).flatMap(([key, value]) =>
    key === 'examples' ? [] : placesOf(value, fits, `${place}/${key}`),
  );
  return fits(document as Record<string, unknown>) ? [place, ...within] : within;
}

t.test('the pages run under a policy that lets nothing in from elsewhere', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  const page = await api.app.inject('/docs');
  const policy = String(page.headers['content-security-policy']);
  t.match(policy, "default-src 'none'; script-src 'self';");
  t.notMatch(policy, /https?:|unsafe-eval|script-src[^;]*unsafe/);
  t.notMatch(page.body, /<script(?![^>]* src=)[^>]*>\s*\S/, 'no script stands in the page itself');
  const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => String(url));
  t.ok(assets.length >= 5);
  for (const url of assets) {
    t.match(url, /^\/docs\//, 'it is served from here');
    t.equal((await api.app.inject(url)).statusCode, 200, url);
  }
  t.notMatch((await api.app.inject('/docs/static/swagger-initializer.js')).body, /validator\.swagger/);
});
