/** The `samples` gate: inconclusive until the target pool has answered often enough, and enough resolvers. */
import t from 'tap';
import { SampleGate } from '../../../src/control/gates/samples.ts';
import type { Release } from '../../../src/model/release.ts';
import { bluegreen, makeEngine, NOON_MS, withService } from '../../fixtures/engine.ts';

const app = 'app.example.com';

t.test('it counts from the first measurement on, the target pool only', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(0, 1) });
  let nowMs = NOON_MS;
  const gate = new SampleGate({ ...fixture, clock: { wallMs: () => nowMs } });
  const ask = (client: number, times: number) => {
    for (let i = 0; i < times; i++) fixture.ask(app, 'A', { client: Uint8Array.of(198, 51, 100, client), atMs: nowMs });
  };
  const asking = (to: string) => ({
    release: { to, services: [{ name: app }] } as unknown as Release,
    timeoutMs: 1000,
    stopped: new AbortController().signal,
  });
  const [green, blue] = [asking('green'), asking('blue')];
  const wanted = { answers: 10, resolvers: 3 };
  ask(1, 50);
  t.match(gate.measure(wanted, green), {
    outcome: 'inconclusive',
    message: 'green of app.example.com has 0 answers to 0 resolvers; at least 10 answers and 3 resolvers were wanted',
  });
  gate.measure(wanted, blue);
  nowMs += 10_000;
  ask(1, 20);
  ask(2, 1);
  t.match(gate.measure(wanted, green), { outcome: 'inconclusive', message: /has 21 answers to 2 resolvers;/ });
  t.match(gate.measure({ answers: 21 }, green), { outcome: 'passed' });
  t.match(gate.measure({ resolvers: 2 }, green), { outcome: 'passed' });
  ask(3, 1);
  t.match(gate.measure(wanted, green), {
    outcome: 'passed',
    message: 'green of app.example.com has 22 answers to 3 resolvers',
  });
  t.match(gate.measure({ answers: 1 }, blue), {
    outcome: 'inconclusive',
    message: /^blue .* 0 answers to 0 resolvers/,
  });
  t.match(gate.measure({ answers: 1 }, asking('green')), { outcome: 'inconclusive' }, 'the next analysis begins anew');
});
