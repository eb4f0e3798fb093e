/** Makes a zone, a service and a shift by openapi-fetch; prints what it came to. */
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.ts';

declare const process: { readonly argv: readonly string[] };
const [, , baseUrl = '', token = ''] = process.argv;
const client = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });

function bodyOf<Body>({ data, error }: { data?: Body; error?: components['schemas']['Problem'] }): Body {
  if (data === undefined) throw new Error(error?.detail ?? 'no body');
  return data;
}

const zone = bodyOf(
  await client.PUT('/v1/zones/{zone}', {
    params: { path: { zone: 'fetch.test' } },
    body: { nameservers: ['ns1.fetch.test'], hostmaster: 'hostmaster.fetch.test' },
  }),
);
const service = bodyOf(
  await client.PUT('/v1/services/{name}', {
    params: { path: { name: 'app.fetch.test' } },
    body: {
      pools: {
        blue: { weight: 100, targets: ['192.0.2.10'] },
        green: { weight: 0, targets: ['192.0.2.20'] },
      },
    },
  }),
);
const shift = bodyOf(
  await client.POST('/v1/shifts', { body: { services: { [service.name]: { blue: 25, green: 75 } } } }),
);
const refused = await client.PUT('/v1/services/{name}/weights', {
  params: { path: { name: service.name } },
  body: { blue: 70_000, green: 0 },
});
// 202: a service of it wants the word of a second person first, and nothing has moved.
if ('kind' in shift) throw new Error(shift.message);
const green: number | undefined = shift.services[service.name]?.shares.green;
console.log(JSON.stringify({ zone: zone.name, service: service.name, green, refused: refused.error?.code }));
