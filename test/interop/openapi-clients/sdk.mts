/** Makes a zone, a service and a shift by what @hey-api/openapi-ts makes; prints what it came to. */
import { client } from './sdk/client.gen.ts';
import { putService, putWeights, putZone, shift as shiftServices } from './sdk/sdk.gen.ts';

declare const process: { readonly argv: readonly string[] };
const [, , baseUrl = '', token = ''] = process.argv;
client.setConfig({ baseUrl: baseUrl as never, auth: token, throwOnError: true });

const { data: zone } = await putZone({
  path: { zone: 'sdk.test' },
  body: { nameservers: ['ns1.sdk.test'], hostmaster: 'hostmaster.sdk.test' },
  throwOnError: true,
});
const { data: service } = await putService({
  path: { name: 'app.sdk.test' },
  body: {
    pools: {
      blue: { weight: 100, targets: ['192.0.2.10'] },
      green: { weight: 0, targets: ['192.0.2.20'] },
    },
  },
  throwOnError: true,
});
const { data: shift } = await shiftServices({
  body: { services: { [service.name]: { blue: 25, green: 75 } } },
  throwOnError: true,
});
const refused = await putWeights({
  path: { name: service.name },
  body: { blue: 70_000, green: 0 },
  throwOnError: false,
});
// 202: a service of it wants the word of a second person first, and nothing has moved.
if ('kind' in shift) throw new Error(shift.message);
const green: number | undefined = shift.services[service.name]?.shares.green;
console.log(JSON.stringify({ zone: zone.name, service: service.name, green, refused: refused.error?.code }));
