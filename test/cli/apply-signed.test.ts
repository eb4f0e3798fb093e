/** `teal apply` in a signed zone whose signing goes on between the look and the change: no reason to look again. */
import assert from 'node:assert/strict';
import t, { type Test } from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { ADMIN, makeDirectory, seed, startApi } from '../fixtures/api.ts';
import { typist } from './typed.ts';

const ZONE = 'example.test';
const path = `/v1/zones/${ZONE}`;
const input = `records:
  www.${ZONE}: { A: { ttlSeconds: 300, rdata: [192.0.2.80] } }
`;

async function begin(t: Test) {
  const api = await startApi(makeDirectory(t));
  t.teardown(api.close);
  await seed(api);
  await api.request('PUT', `${path}/dnssec`, { body: {} });
  const admin = await api.app.listen({ host: '127.0.0.1', port: 0 });
  const type = typist({ admin, token: ADMIN });
  const contentRevision = async (): Promise<number> => (await api.request('GET', path)).json().contentRevision;
  let atMs = Date.now();
  const step = async (): Promise<void> => {
    const { revision } = (await api.request('GET', `${path}/dnssec`)).json();
    atMs += 7_200_000;
    const seen = { inForce: true, maxTtlSeconds: 0 };
    const command = { kind: 'dnssec.step', zone: ZONE, revision, seen } as const;
    const done = await api.parts.engine.execute(command, { actor: 'signing', atMs });
    assert('revision' in done);
  };
  /** The steps until one raised the serial. */
  const goOn = async (): Promise<void> => {
    const before = await contentRevision();
    for (let steps = 0; steps < 5 && (await contentRevision()) === before; steps++) await step();
    assert.notEqual(await contentRevision(), before);
  };
  /** Asked whether to apply, with this done before the answer. */
  const asked = (work: () => Promise<unknown>) => ({
    input,
    env: { NO_COLOR: '1' },
    terminal: { answers: { shift: () => work().then(() => 'y') } as unknown as string[] },
  });
  const put = (name: string, body: object) => api.request('PUT', `${path}/rrsets/${name}.${ZONE}/A`, { body });
  const shift = () => api.request('PUT', `/v1/services/app.${ZONE}/weights`, { body: { blue: 1, green: 1 } });
  return { ...api, type, goOn, asked, put, shift };
}

t.test('a step of the signing, and a shift beside it, are no reason to look again', async (t) => {
  const { type, goOn, asked, request, shift } = await begin(t);
  const done = await type(
    'apply -f -',
    asked(async () => {
      await goOn();
      await shift();
    }),
  );
  t.match(done, { code: 0, stderr: 'Apply? [y/N] ', stdout: /1 RRset in force/ });
  t.same((await request('GET', `${path}/rrsets/www.${ZONE}/A`)).json().rdata, ['192.0.2.80']);
});

t.test('what somebody changed is, be it shown or not, with a step or without', async (t) => {
  const { type, goOn, asked, put, request } = await begin(t);
  const others = { ttlSeconds: 300, rdata: ['192.0.2.1'] };
  const refused = { code: EXIT.REFUSED, stderr: /was changed or deleted since it was looked at \[revision_stale\]/ };
  t.match(
    await type(
      'apply -f -',
      asked(() => put('other', others)),
    ),
    refused,
  );
  const both = async () => {
    await put('third', others);
    await goOn();
  };
  t.match(await type('apply -f -', asked(both)), refused);
  t.match(
    await type(
      'apply -f -',
      asked(() => put('www', others)),
    ),
    refused,
  );
  t.same((await request('GET', `${path}/rrsets/www.${ZONE}/A`)).json().rdata, ['192.0.2.1']);
});
