/**
 * A fleet of so many nameservers on three members of etcd, each in a network namespace of its own where this process is in
 * one (`main.ts`), to which happens what the seed says, for so long; then everything is mended, and what was written, read
 * and answered is judged. The last line is JSON. `--without-the-wait`: by a build that does not wait for the others before
 * its 2xx; it ends when that was found. Needs etcd.
 */
import { mulberry32 } from '../../fixtures/mutate.ts';
import type { EtcdPlaces } from '../etcd.ts';
import { FleetFixture } from '../fleet.ts';
import { WITHOUT_THE_WAIT } from '../without-the-wait.ts';
import { Faults } from './faults.ts';
import { History } from './history.ts';
import { Namespaces, type Place } from './namespaces.ts';

const MEMBERS = 3;
/** Of the time that is given: a build that does not wait is asked for so long, since a busy machine asks it seldom. */
const FIND_FACTOR = 5;

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const [seed = 1, seconds = 60, count = 3] = words.map(Number);
const hasNoWait = process.argv.includes('--without-the-wait');
const say = (line: string): void => console.error(`${(performance.now() / 1000).toFixed(1)} s  ${line}`);

const random = mulberry32(seed);
const namespaces = process.argv.includes('--in-namespace') ? new Namespaces() : undefined;
const places = new Map<string, Place>();
for (let n = 0; namespaces !== undefined && n < MEMBERS; n++) places.set(`m${n}`, await namespaces.add());
/** One more than there are: a node joins. */
for (let n = 1; namespaces !== undefined && n <= count + 1; n++) places.set(`ns${n}`, await namespaces.add());

function placeOf(name: string) {
  const place = places.get(name);
  if (place === undefined) return {};
  const listen = { TEAL_DNS_LISTEN: `${place.asked}:0`, TEAL_ADMIN_LISTEN: `${place.asked}:0` };
  return { wrapper: place.wrapper, env: { ...listen, TEAL_ADMIN_INSECURE: 'true' } };
}

const etcd: EtcdPlaces = (n) => places.get(`m${n}`) ?? {};
const env: Record<string, string> = hasNoWait ? { NODE_OPTIONS: WITHOUT_THE_WAIT } : {};
const fleet = await FleetFixture.start(count, env, { members: MEMBERS, place: placeOf, etcdPlace: etcd });
const history = new History(fleet, random);
const faults = new Faults({ fleet, history, places, random, say });
let exitCode = 1;
try {
  history.begin();
  const lastsMs = seconds * 1000 * (hasNoWait ? FIND_FACTOR : 1);
  await faults.during(lastsMs, () => hasNoWait && history.violations.length > 0);
  say('everything is mended');
  await faults.mend();
  await history.endWriting();
  await history.end();
  const { violations, writes, answers, claimed, reads } = history;
  if (!hasNoWait) history.judge(await faults.logs());
  const report = { seed, seconds, nodes: count, writes: writes.length, answers, claimed, reads, done: faults.done };
  console.log(JSON.stringify({ ...report, violations }));
  exitCode = violations.length === 0 ? 0 : 1;
} catch (error) {
  console.log(JSON.stringify({ seed, violations: [...history.violations, String((error as Error).stack)] }));
} finally {
  await fleet.stop();
  namespaces?.close();
}
process.exit(exitCode);
