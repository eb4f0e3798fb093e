/** A server with thousands of services in fifty zones, for what looks at all of them. */
import type { TealProcess } from '../test/fixtures/process.ts';

const ZONES = 50;
/** Requests on their way: changes are made one after the other, and none of them has to wait for a reply. */
const AT_ONCE = 16;

export const nameOf = (i: number): string => `s${String(i).padStart(5, '0')}.z${i % ZONES}.test`;

export async function putServices(teal: TealProcess, count: number): Promise<void> {
  const zone = { nameservers: ['ns1.example.test'], hostmaster: 'hostmaster.example.test' };
  const put = async (path: string, body: object): Promise<void> => {
    const { status, body: said } = await teal.call('PUT', path, body);
    if (status !== 201) throw new Error(`PUT ${path}: ${status} ${JSON.stringify(said)}`);
  };
  for (let z = 0; z < ZONES; z++) await put(`/v1/zones/z${z}.test`, zone);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const i = next++;
      await put(`/v1/services/${nameOf(i)}`, serviceOf(i));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function serviceOf(i: number): object {
  const pools = { blue: { weight: 100, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } };
  return { pools, labels: { team: i % 3 === 0 ? 'web' : 'mail' } };
}
