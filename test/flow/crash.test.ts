/** `kill -9` at any moment: what was acknowledged is there after the restart, and nothing is half-applied. */
import t from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { mulberry32 } from '../fixtures/mutate.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';

const SHIFTS = 200;
const KILLS = 8;
/** The kill falls into this many times what the shift before took, however slow the machine is: before its end or a little after. */
const KILL_WITHIN_SHIFTS = 1.25;
const app = 'app.example.test';
const api = 'api.example.test';

/** State n of both services: their weights say the number, and each other. */
function weightsOf(state: number): { blue: number; green: number } {
  return { blue: 1 + state, green: 65_000 - state };
}

async function makeServices(teal: TealProcess): Promise<void> {
  for (const name of [app, api]) {
    const pools = {
      blue: { weight: weightsOf(0).blue, targets: ['192.0.2.10'] },
      green: { weight: weightsOf(0).green, targets: ['192.0.2.20'] },
    };
    const reply = await teal.call('PUT', `/v1/services/${name}`, { pools });
    if (reply.status >= 300) throw new Error(JSON.stringify(reply.body));
  }
}

t.test(`${KILLS} kills during ${SHIFTS} shifts of two services`, async (t) => {
  const folder = temporaryFolder(t);
  const random = mulberry32(20261124);
  let teal = await startTeal(folder);
  await makeServices(teal);
  let acknowledged = 0;
  let asked = 0;
  let kills = 0;
  let lostReplies = 0;
  let tookMs = 0;
  while (asked < SHIFTS) {
    // Each life ends by a kill in its last shift. Shifts that were lost are made up for by one more life, without a kill:
    // so it ends, whatever the kills hit.
    const isKilled = kills < KILLS;
    const lastOfThisLife = isKilled ? Math.min(SHIFTS, asked + SHIFTS / KILLS) : SHIFTS;
    let dying: Promise<unknown> | undefined;
    while (asked < lastOfThisLife) {
      asked++;
      if (isKilled && asked === lastOfThisLife) {
        const { end } = teal;
        const waitMs = random() * KILL_WITHIN_SHIFTS * tookMs;
        dying = new Promise((resolve) => setTimeout(() => resolve(end('SIGKILL')), waitMs));
      }
      const services = { [app]: weightsOf(asked), [api]: weightsOf(asked) };
      const askedAt = performance.now();
      try {
        const reply = await teal.call('POST', '/v1/shifts', { services });
        t.equal(reply.status, 200);
        acknowledged = asked;
        tookMs = performance.now() - askedAt;
      } catch {
        lostReplies++;
        break;
      }
    }
    await dying;
    if (isKilled) {
      kills++;
      teal = await startTeal(folder);
    }
    const weights = (await teal.call('GET', `/v1/services/${app}/weights`)).body.weights;
    const others = (await teal.call('GET', `/v1/services/${api}/weights`)).body.weights;
    t.same(others, weights, 'both services stand at the same state');
    const state = weights.blue - 1;
    t.same(weights, weightsOf(state), 'both weights are of one state');
    t.ok(state === acknowledged || state === asked, `at ${state}, acknowledged ${acknowledged}, asked ${asked}`);
    acknowledged = asked = state;
    const reply = await askUdp('127.0.0.1', teal.dnsPort, buildQuery({ name: app }));
    t.match(reply.answers[0]?.data, /^192\.0\.2\.(10|20)$/);
  }
  const revisions: { revision: number; kind: string }[] = [];
  for (let after = 0; ; ) {
    const { body } = await teal.call('GET', `/v1/revisions?after=${after}&limit=100`);
    revisions.push(...body.items);
    if (body.next === undefined) break;
    after = Number(body.next);
  }
  t.same(
    revisions.map(({ revision }) => revision),
    revisions.map((_, i) => i + 1),
    'the history has no gap',
  );
  t.equal(revisions.filter(({ kind }) => kind === 'shift').length, SHIFTS, 'and every state is in it once');
  t.equal(kills, KILLS);
  t.comment(`${kills} kills, ${lostReplies} of them before the reply of a shift`);
  await teal.end('SIGKILL');
});
