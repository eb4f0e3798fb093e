/**
 * A live server behind unbound, BIND, PowerDNS Recursor and Knot Resolver as validators from the root down, while its zones are
 * signed, shifted, released, changed, denied by NSEC, NSEC3 and back, rolled and unsigned: nothing is bogus, but what is damaged
 * on its way. `npm run test:dnssec` is the same with 5,000 shifts.
 */
import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { withoutTap } from '../../fixtures/environment.ts';
import { inNamespaces } from './namespaces.ts';
import { faultsOf } from './outcome.ts';
import type { Outcome } from './run.ts';

const run = fileURLToPath(new URL('./run.ts', import.meta.url));
const SHIFTS = '50';

t.test('clients of four validators through the life of a signed zone', async (t) => {
  const [first, ...others] = [...inNamespaces, 'true'];
  if (spawnSync(first, others).status !== 0) {
    t.comment('LEFT OUT: the system has no namespaces for us');
    return;
  }
  const [program = '', ...words] = [...withoutTap, ...inNamespaces, process.execPath, run, SHIFTS];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const outcome = JSON.parse(await text(child.stdout)) as Outcome;
  t.comment(JSON.stringify(outcome.seconds));
  t.same(faultsOf(outcome), []);
  t.equal(
    Object.keys(outcome.tallies).length,
    28,
    'four validators; two zones, and a large one in five parts of its life',
  );
  t.equal(Object.keys(outcome.shares).length, 8);
  t.equal(outcome.damaged.tried, 8);
  for (const [name, { asked, secure, kinds }] of Object.entries(outcome.tallies)) {
    t.ok(secure > asked / 3, `${name} vouched for ${secure} of ${asked} answers`);
    t.ok(Object.keys(kinds).length >= (name.includes('large') ? 6 : 25), 'of every kind');
  }
});

t.test('what is bogus is seen', async (t) => {
  const tally = { asked: 9, unanswered: 0, servfail: 1, wrong: 0, secure: 8, insecure: 0, unproved: 0 };
  const outcome = {
    ...{ versions: [], shifts: 1, seconds: {}, judged: { delv: false }, outputs: { delv: 'bogus' } },
    // With a relay that does nothing, one judge found something.
    damaged: { tried: 1, faults: ['unbound answers'], unmoved: ['a', 'b', 'c', 'd', 'delv'] },
    large: ['bogus at once'],
    ...{ tallies: { one: { ...tally, failures: [], exchanges: [], kinds: {} } }, shares: { one: [150, 150] as const } },
  };
  const faults = [
    'one: 1 servfail of 9',
    'one: 150 and 150 draws are not 70 % and 30 %',
    'delv: bogus',
    'unbound answers',
    'a relay that damages nothing is told of by 5 of 6: a; b; c; d; delv',
    'bogus at once',
  ];
  t.same(faultsOf(outcome), faults);
});
