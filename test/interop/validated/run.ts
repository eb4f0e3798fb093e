/**
 * Zones of a live Teal behind four validators whose clients ask all the while: one denies by NSEC, one by NSEC3, beside each
 * other. Each is signed, shifted, released, changed, denied in the other way and back, rolled and unsigned; a third one is
 * damaged on its way, and a large one's server dies. To be run in namespaces of one's own (namespaces.ts); prints what happened
 * as one line of JSON.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTeal } from '../../fixtures/process.ts';
import { Asker, type Tally, type Witness } from './asking.ts';
import { Capture } from './capture.ts';
import { casesIn } from './cases.ts';
import { type Damaged, DamageJudge, setUpRelayed } from './damage.ts';
import { type Judged, judge } from './judging.ts';
import { LargeLife } from './large.ts';
import { type Denial, Life, type Shares } from './life.ts';
import { startRelay } from './relay.ts';
import { ADDRESS, RELAYED, startInternet, ZONES } from './servers.ts';
import { startValidators, type Validator, versions } from './validators.ts';

export interface Outcome extends Judged {
  readonly versions: readonly string[];
  readonly shifts: number;
  /** Seconds. */
  readonly seconds: Readonly<Record<string, number>>;
  /** By validator and zone. */
  readonly tallies: Readonly<Record<string, Tally>>;
  /** Draws of blue and of green behind each validator, by the weights 70 and 30. */
  readonly shares: Shares;
  readonly damaged: Damaged;
  /** What does not hold of the large zone. */
  readonly large: readonly string[];
}

const seconds: Record<string, number> = {};

/** Notes how long something took. */
async function timed<T>(what: string, work: Promise<T>, askers: readonly Asker[] = []): Promise<T> {
  const startedAt = performance.now();
  const result = await work;
  seconds[what] = Math.round((performance.now() - startedAt) / 100) / 10;
  const bad = askers.map(({ tally }) => `${tally.servfail}+${tally.wrong}+${tally.unproved}/${tally.asked}`);
  console.error(`${what}: ${seconds[what]} s; ${bad.join(' ')}`);
  return result;
}

/** All of a zone's life, and what was seen of it. */
async function live(life: Life, denial: Denial, shifts: number, judgeIt: () => Promise<Judged>) {
  const { zone, askers } = life;
  const other = denial === 'nsec' ? 'nsec3' : 'nsec';
  const lap = <T>(what: string, work: Promise<T>): Promise<T> => timed(`${zone}: ${what}`, work, askers);
  const thereAndBack = async (): Promise<void> => {
    await life.denyBy(other);
    await life.denyBy(denial);
  };
  await lap('signed', life.sign(denial));
  await lap(
    `shifted, released, denied by ${other} and back`,
    Promise.all([life.shift(shifts), life.release(), thereAndBack()]),
  );
  // While a key is rolled too.
  await lap('rolled', Promise.all([life.roll(), life.denyBy(other), life.shift(Math.ceil(shifts / 10))]));
  const [shares, judged] = await lap('counted and judged', Promise.all([life.shares(), judgeIt()]));
  await lap('unsigned', life.unsign());
  return { shares, ...judged };
}

async function main(shifts: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'teal-validated-'));
  const stops: (() => Promise<unknown>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  try {
    const internet = await startInternet(folder);
    stops.unshift(() => internet.stop());
    const data = join(folder, 'teal');
    mkdirSync(data);
    const teal = await startTeal(data, {
      env: {
        TEAL_DNSSEC_PARENT_SERVERS: `${ADDRESS.parent}:53`,
        TEAL_DNS_LISTEN: `${ADDRESS.teal}:53`,
      },
    });
    stops.unshift(() => teal.end('SIGTERM'));
    const relay = await startRelay(ADDRESS.relay, ADDRESS.teal);
    stops.unshift(() => relay.stop());
    for (const zone of Object.values(ZONES)) await new Life(zone, teal, internet).setUp(folder);
    const relayed = new Life(RELAYED, teal, internet);
    await setUpRelayed(relayed);
    const capture = await Capture.start();
    stops.unshift(() => capture.stop());
    const witness: Witness = (...which) => capture.of(...which);
    const validators: Validator[] = await startValidators(folder, internet.anchor);
    stops.unshift(() => Promise.all(validators.map((each) => each.stop())));
    const lives = [ZONES.live, ZONES.hashed].map(async (zone, at) => {
      const open = ({ name, address }: Validator) =>
        Asker.open(`${name}, ${zone}`, address, casesIn(zone, name), witness);
      const askers = await Promise.all(validators.map(open));
      const life = new Life(zone, teal, internet, askers);
      const judgeIt = () => judge(zone, folder, internet.anchor.dnskey);
      const lived = await live(life, at === 0 ? 'nsec' : 'nsec3', shifts, judgeIt);
      await Promise.all(askers.map((asker) => asker.stop()));
      return { ...lived, tallies: askers.map(({ name, tally }) => [name, tally] as const) };
    });
    const damage = async (): Promise<Damaged> => {
      await relayed.sign('nsec');
      return timed('damaged', new DamageJudge(relayed, teal, relay, folder).run(validators));
    };
    const own = join(folder, 'large');
    mkdirSync(own);
    const large = timed('large, killed, signatures lost', new LargeLife(own, internet, validators, witness).run());
    const [one, two, damaged, grown] = await Promise.all([lives[0], lives[1], damage(), large]);
    const all = [one, two].filter((lived) => lived !== undefined);
    const outcome: Outcome = {
      ...{ versions: versions(), shifts, seconds, damaged, large: grown.faults },
      tallies: Object.fromEntries([...all.flatMap(({ tallies }) => tallies), ...grown.tallies]),
      shares: Object.assign({}, ...all.map(({ shares }) => shares)),
      judged: Object.assign({}, ...all.map(({ judged }) => judged)),
      outputs: Object.assign({}, ...all.map(({ outputs }) => outputs)),
    };
    console.log(JSON.stringify(outcome));
    if (process.argv[3] !== undefined) {
      const exchanges = Object.values(outcome.tallies).flatMap((tally) => tally.exchanges);
      const said = validators.map((each) => `== ${each.name}\n${each.output()}`);
      writeFileSync(process.argv[3], [...exchanges, ...said].join('\n'));
    }
  } finally {
    for (const stop of stops) await stop();
  }
}

await main(Number(process.argv[2] ?? 50));
