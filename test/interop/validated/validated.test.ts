/**
 * A live server behind unbound, BIND, PowerDNS Recursor and Knot Resolver as validators from the root down, while its zones are
 * signed, shifted, released, changed, denied by NSEC, NSEC3 and back, rolled and unsigned: nothing is bogus, but what is damaged
 * on its way. `npm run test:dnssec` is the same with 5,000 shifts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { inNamespaces } from './namespaces.ts';
import { faultsOf } from './outcome.ts';
import { areThere, ran } from './ran.ts';
import type { Outcome } from './run.ts';

const SHIFTS = '50';
/** Each part waits for twelve seconds at least in which all must be vouched for: some 500 answers. */
const DUE_MIN = 200;

t.test('clients of four validators through the life of a signed zone', async (t) => {
  if (!areThere) return t.comment('LEFT OUT: the system has no namespaces for us');
  const outcome = (await ran(t, './run.ts', SHIFTS)) as Outcome;
  t.comment(JSON.stringify(outcome.seconds));
  t.same(faultsOf(outcome), []);
  t.equal(
    Object.keys(outcome.tallies).length,
    28,
    'four validators; two zones, and a large one in five parts of its life',
  );
  t.equal(Object.keys(outcome.shares).length, 8);
  t.equal(outcome.damaged.tried, 8);
  for (const [name, { asked, due, secure, kinds }] of Object.entries(outcome.tallies)) {
    const isLarge = name.includes('large');
    // How long a part of the large one's life lasts that nobody vouches for is up to the machine; what is due is not.
    t.ok(isLarge ? due > DUE_MIN : secure > asked / 3, `${name} vouched for ${secure} of ${asked} answers, ${due} due`);
    t.ok(Object.keys(kinds).length >= (isLarge ? 6 : 25), 'of every kind');
  }
});

/** Processes with this among their words. */
function withWord(word: string): string[] {
  return fs.readdirSync('/proc').filter((id) => {
    try {
      return /^\d+$/.test(id) && fs.readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0').includes(word);
    } catch {
      return false;
    }
  });
}

t.test('what a run has started ends with it', async (t) => {
  if (!areThere) return t.comment('LEFT OUT: the system has no namespaces for us');
  const seconds = `${86_000 + process.pid / 1e7}`;
  const begin = `require('node:child_process').spawn('sleep', ['${seconds}'], { detached: true, stdio: 'ignore' })`;
  const endings = {
    'a promise that nobody waits for': [`${begin}.once('spawn', () => Promise.reject(new Error('nobody')))`, false],
    'kill -9 from outside': [`${begin}; setInterval(() => {}, 1000)`, true],
  } as const;
  for (const [how, [script, isKilled]] of Object.entries(endings)) {
    const [program, ...words] = [...inNamespaces, process.execPath, '-e', script];
    const child = spawn(program, words, { stdio: 'ignore' });
    t.teardown(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    if (isKilled) {
      while (withWord(seconds).length === 0) await sleep(50);
      child.kill('SIGKILL');
    }
    await ended;
    while (withWord(seconds).length > 0) await sleep(50);
    t.pass(how);
  }
});

t.test('what is bogus is seen', async (t) => {
  const none = { unanswered: 0, wrong: 0, insecure: 0, unproved: 0 };
  const tally = { ...none, asked: 9, servfail: 1, refusedAtTimes: 5, secure: 8, due: 8 };
  const outcome = {
    ...{ versions: [], shifts: 1, seconds: {}, judged: { delv: false }, outputs: { delv: 'bogus' } },
    // With a relay that does nothing, one judge found something.
    damaged: { tried: 1, faults: ['unbound answers'], unmoved: ['a', 'b', 'c', 'd', 'delv'] },
    large: ['bogus at once'],
    ...{ tallies: { one: { ...tally, failures: [], exchanges: [], kinds: {} } }, shares: { one: [150, 150] as const } },
  };
  const faults = [
    'one: 1 servfail of 9',
    'one: 5 refusedTooOften of 9',
    'one: 150 and 150 draws are not 70 % and 30 %',
    'delv: bogus',
    'unbound answers',
    'a relay that damages nothing is told of by 5 of 6: a; b; c; d; delv',
    'bogus at once',
  ];
  t.same(faultsOf(outcome), faults);
});
