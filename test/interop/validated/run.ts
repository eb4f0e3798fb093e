/**
 * A zone of a live Teal behind four validators whose clients ask all the while: it is signed, shifted, released, changed,
 * rolled and unsigned. To be run in a network namespace of one's own (main.ts); prints what happened as one line of JSON.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTeal, type TealProcess } from '../../fixtures/process.ts';
import { Asker, type Tally } from './asking.ts';
import { BLUE, cases, comesAndGoes, counted, insecure, records, services } from './cases.ts';
import { ADDRESS, dsOfSecureChild, type Internet, must, SHORT_TTL_SECONDS, startInternet, ZONE } from './servers.ts';
import { rootHints, startValidators, type Validator, versions } from './validators.ts';

const PATH = `/v1/zones/${ZONE}/dnssec`;
/** The longest stage waits for a look at the parent, once a minute. */
const STAGE_LIMIT_MS = 300_000;
const POLL_MS = 250;
/** Answers for which a cache asked, of each validator; each is a draw. */
const DRAWS = 300;
/** Everything but the services that are counted is shifted together. */
const shifted = ['app', 'moved', '*.wild-service'].map((label) => `${label}.${ZONE}`);

export interface Outcome {
  readonly versions: readonly string[];
  readonly shifts: number;
  /** Seconds. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly tallies: Readonly<Record<string, Tally>>;
  /** Draws of blue and of green behind each validator, by the weights 70 and 30. */
  readonly shares: Readonly<Record<string, readonly [number, number]>>;
  /** What `delv` and `drill` said of one name each, good or not. */
  readonly judged: Readonly<Record<string, boolean>>;
  readonly outputs: Readonly<Record<string, string>>;
}

class Run {
  readonly seconds: Record<string, number> = {};
  readonly #teal: TealProcess;
  readonly #internet: Internet;
  readonly #askers: readonly Asker[];
  #at = performance.now();

  constructor(teal: TealProcess, internet: Internet, askers: readonly Asker[]) {
    this.#teal = teal;
    this.#internet = internet;
    this.#askers = askers;
  }

  /** Notes how long what was done since the last time took. */
  lap(what: string): void {
    this.seconds[what] = Math.round((performance.now() - this.#at) / 100) / 10;
    this.#at = performance.now();
    const bad = this.#askers.map(({ tally }) => `${tally.servfail}+${tally.wrong}+${tally.unproved}/${tally.asked}`);
    console.error(`${what}: ${this.seconds[what]} s; ${bad.join(' ')}`);
  }

  async call(method: string, path: string, body?: unknown) {
    // A connection that was idle may be closed by the server while a request goes out on it.
    const reply = await this.#teal.call(method, path, body, { connection: 'close' });
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  /** Waits for a stage; the parent follows what it is to have. */
  async until(wanted: string): Promise<void> {
    let last = '';
    for (const startedAt = performance.now(); performance.now() - startedAt < STAGE_LIMIT_MS; await sleep(POLL_MS)) {
      const { status, body } = await this.#teal.call('GET', PATH);
      const stage = status === 404 ? 'none' : (body.stage as string);
      if (stage === wanted) return;
      if (stage !== last && stage === 'ds-needed') this.#internet.setDs(body.ds);
      if (stage !== last && stage === 'ds-removal') this.#internet.setDs([]);
      last = stage;
    }
    throw new Error(`${wanted} did not come: ${last}`);
  }

  set mustBeSecure(value: boolean) {
    for (const asker of this.#askers) asker.mustBeSecure = value;
  }

  /** So many shifts, a change of a record at every tenth, a service that comes or goes at every hundredth. */
  async shift(count: number): Promise<void> {
    const guest = `/v1/zones/${ZONE}/rrsets/${comesAndGoes}/A`;
    for (let n = 0; n < count; n++) {
      const blue = n % 2 === 0 ? 0 : 100;
      const weights = Object.fromEntries(shifted.map((name) => [name, { blue, green: 100 - blue }]));
      await this.call('POST', '/v1/shifts', { services: weights });
      if (n % 20 === 10) await this.call('PUT', guest, { ttlSeconds: 1, rdata: [`192.0.2.${100 + (n % 100)}`] });
      if (n % 20 === 0 && n > 0) await this.call('DELETE', guest);
      const passing = `/v1/services/passing.${ZONE}`;
      const pools = { blue: { weight: 1, targets: [BLUE] }, green: { weight: 1, targets: ['2001:db8::20'] } };
      if (n % 100 === 25) await this.call('PUT', passing, { ttlSeconds: 1 + (n % 3), pools });
      if (n % 100 === 75) await this.call('DELETE', passing);
      // Between two shifts a cache lets go of the first now and then.
      if (n % 10 === 0) await sleep(100);
    }
    for (const name of shifted) await this.call('PUT', `/v1/services/${name}/weights`, { blue: 50, green: 50 });
  }

  /** A canary whose TTL is lowered and put back. */
  async release(): Promise<void> {
    const path = `/v1/services/canary.${ZONE}/releases`;
    const steps = [10, 50, 100].flatMap((setWeight) => [{ setWeight }, { pause: { duration: 2 } }]);
    const { id } = await this.call('POST', path, { to: 'green', steps });
    for (const startedAt = performance.now(); performance.now() - startedAt < STAGE_LIMIT_MS; await sleep(POLL_MS)) {
      const { state, message } = await this.call('GET', `${path}/${id}`);
      if (state === 'completed') return;
      if (state === 'aborted') throw new Error(message);
    }
    throw new Error('the release does not end');
  }

  /** Draws of blue and green of the services whose weights stay. */
  async shares(): Promise<Record<string, readonly [number, number]>> {
    const draw = async (asker: Asker): Promise<readonly [number, number]> => {
      const drawn: [number, number] = [0, 0];
      const rounds = Math.ceil(DRAWS / counted.length);
      for (let round = 0; round < rounds; round++) {
        const replies = await Promise.all(counted.map((name) => asker.ask(name, 1)));
        for (const { answers } of replies) {
          const address = answers.find(({ type }) => type === 1)?.data;
          if (address !== undefined) drawn[address === BLUE ? 0 : 1] += 1;
        }
        // Then no cache has it any more.
        await sleep((SHORT_TTL_SECONDS + 2) * 1000);
      }
      return drawn;
    };
    const found = await Promise.all(this.#askers.map(async (asker) => [asker.name, await draw(asker)] as const));
    return Object.fromEntries(found);
  }
}

/**
 * What delv and drill make of names of every kind, with the key of Teal's zone itself for an anchor, and what dnsviz and
 * zonemaster make of the zone from the root down.
 */
function judge(folder: string, rootKey: string): Pick<Outcome, 'judged' | 'outputs'> {
  const dnskey = must('dig', '+short', 'DNSKEY', ZONE, `@${ADDRESS.teal}`).trim().split('\n')[0] ?? '';
  const [flags, protocol, algorithm, ...key] = dnskey.split(' ');
  const [anchors, keys] = [join(folder, 'anchor.conf'), join(folder, 'anchor.key')];
  writeFileSync(
    anchors,
    `trust-anchors { "${ZONE}." static-key ${flags} ${protocol} ${algorithm} "${key.join('')}"; };\n`,
  );
  writeFileSync(keys, `${ZONE}. 3600 IN DNSKEY ${dnskey}\n`);
  const names = [
    [`app.${ZONE}`, 'A'],
    [`app.${ZONE}`, 'TXT'],
    [`moved.${ZONE}`, 'A'],
    [`nowhere.${ZONE}`, 'A'],
    [`x.wild.${ZONE}`, 'TXT'],
    [`x.wild.${ZONE}`, 'A'],
    [`empty.${ZONE}`, 'A'],
    [`deep.old.${ZONE}`, 'A'],
    [ZONE, 'SOA'],
  ] as const;
  const judged: Record<string, boolean> = {};
  const outputs: Record<string, string> = {};
  const run = (what: string, isGood: (output: string) => boolean, ...words: string[]): void => {
    const [program = '', ...args] = words;
    const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 });
    judged[what] = isGood(stdout + stderr);
    if (!judged[what]) outputs[what] = stdout + stderr;
  };
  for (const [name, type] of names) {
    const at = `@${ADDRESS.teal}`;
    const isValid = (output: string): boolean => /^; (negative response, )?fully validated/m.test(output);
    run(`delv ${name} ${type}`, isValid, 'delv', '-a', anchors, `+root=${ZONE}`, at, name, type);
  }
  // drill of ldns 1.8.3 chases no CNAME that a DNAME made, and nothing that is not there.
  for (const [name, type] of [names[0], names[2], names[8]]) {
    const isTrusted = (output: string): boolean => /Chase successful/.test(output) && !/\[[BU]\]/.test(output);
    run(`drill ${name} ${type}`, isTrusted, 'drill', '-S', '-k', keys, `@${ADDRESS.teal}`, name, type);
  }
  writeFileSync(join(folder, 'root.key'), `${rootKey}\n`);
  writeFileSync(join(folder, 'root.hints'), rootHints);
  const probe = [
    'dnsviz probe -4 -A -a .',
    `-x .:ns.root.invalid=${ADDRESS.root}`,
    `-x example:ns.example=${ADDRESS.parent}`,
  ];
  const asked = `${ZONE} ${names.map(([name]) => name).join(' ')}`;
  const script = `${probe.join(' ')} -x ${ZONE}:ns.${ZONE}=${ADDRESS.teal} ${asked} | dnsviz print -t root.key`;
  // `[.]` is what is well; `[!]`, `[-]` and `[?]` are not, and indented notes begin with E or W.
  const isWell = (output: string): boolean => /\[\.\] {2}SOA/.test(output) && !/\[[!?-]\]|^ *[EW]:/m.test(output);
  run('dnsviz', isWell, 'sh', '-c', `cd ${folder}; ${script}`);
  const quiet = ['--no-ipv6', '--no-progress', '--no-time', '--level', 'WARNING', '--test', 'DNSSEC'];
  const isOk = (output: string): boolean => /Looks OK/.test(output);
  run('zonemaster', isOk, 'zonemaster-cli', ...quiet, '--hints', join(folder, 'root.hints'), ZONE);
  return { judged, outputs };
}

async function setUp(run: Pick<Run, 'call'>, folder: string): Promise<void> {
  const zone = { nameservers: [`ns.${ZONE}`], hostmaster: `hostmaster.${ZONE}`, ttlSeconds: SHORT_TTL_SECONDS };
  await run.call('PUT', `/v1/zones/${ZONE}`, { ...zone, negativeTtlSeconds: 2 });
  for (const [what, rdata] of Object.entries(records(dsOfSecureChild(folder)))) {
    const [name = '', type = ''] = what.split(' ');
    await run.call('PUT', `/v1/zones/${ZONE}/rrsets/${name}/${type}`, { ttlSeconds: SHORT_TTL_SECONDS, rdata });
  }
  for (const [name, body] of Object.entries(services)) await run.call('PUT', `/v1/services/${name}`, body);
}

async function phases(run: Run, shifts: number): Promise<Outcome['shares']> {
  await run.call('PUT', PATH, { dnskeyTtlSeconds: SHORT_TTL_SECONDS });
  await run.until('secure');
  run.lap('signed');
  // What was asked for before the DS came may be in a cache.
  await sleep(2 * (SHORT_TTL_SECONDS + 1) * 1000);
  run.mustBeSecure = true;
  await Promise.all([run.shift(shifts), run.release()]);
  run.lap('shifted and released');
  const shares = await run.shares();
  run.lap('counted');
  await run.call('POST', `${PATH}/roll`, {});
  await Promise.all([run.until('secure'), run.shift(Math.ceil(shifts / 10))]);
  run.lap('rolled');
  return shares;
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
    await setUp(new Run(teal, internet, []), folder);
    const validators: Validator[] = await startValidators(folder, internet.anchor);
    stops.unshift(() => Promise.all(validators.map((each) => each.stop())));
    const all = [...cases, ...insecure];
    const askers = await Promise.all(validators.map(({ name, address }) => Asker.open(name, address, all)));
    const run = new Run(teal, internet, askers);
    const shares = await phases(run, shifts);
    const { judged, outputs } = judge(folder, internet.anchor.dnskey);
    run.mustBeSecure = false;
    await run.call('DELETE', PATH);
    await run.until('none');
    // What a cache holds of the signed zone goes.
    await sleep(2 * (SHORT_TTL_SECONDS + 1) * 1000);
    run.lap('unsigned');
    await Promise.all(askers.map((asker) => asker.stop()));
    const tallies = Object.fromEntries(askers.map(({ name, tally }) => [name, tally]));
    const outcome: Outcome = { versions: versions(), shifts, seconds: run.seconds, tallies, shares, judged, outputs };
    console.log(JSON.stringify(outcome));
    if (process.argv[3] !== undefined) {
      writeFileSync(process.argv[3], validators.map((each) => `== ${each.name}\n${each.output()}`).join('\n'));
    }
  } finally {
    for (const stop of stops) await stop();
  }
}

await main(Number(process.argv[2] ?? 50));
