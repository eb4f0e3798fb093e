/** The life of one signed zone, by commands to a live Teal: signed, shifted, released, changed, rolled, unsigned. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { askUdp, buildQuery } from '../../fixtures/dns-client.ts';
import type { TealProcess } from '../../fixtures/process.ts';
import type { Asker } from './asking.ts';
import { BLUE, CANARY_TTL_SECONDS, comesAndGoes, countedIn, recordsIn, servicesIn } from './cases.ts';
import { ADDRESS, dsOfSecureChild, type Internet, SHORT_TTL_SECONDS } from './servers.ts';

/** The longest stage waits for a look at the parent, once a minute. */
const STAGE_LIMIT_MS = 300_000;
const POLL_MS = 250;
/** Answers for which a cache asked, of each validator; each is a draw. */
const DRAWS = 300;
const NSEC3 = 50;

export type Denial = 'nsec' | 'nsec3';
/** Draws of blue and of green behind each validator. */
export type Shares = Record<string, readonly [number, number]>;

export class Life {
  readonly zone: string;
  readonly askers: readonly Asker[];
  readonly #address: string;
  readonly #teal: TealProcess;
  readonly #internet: Internet;

  /** `address`: where the zone is answered. */
  constructor(
    zone: string,
    teal: TealProcess,
    internet: Internet,
    askers: readonly Asker[] = [],
    address: string = ADDRESS.teal,
  ) {
    this.zone = zone;
    this.#address = address;
    this.askers = askers;
    this.#teal = teal;
    this.#internet = internet;
  }

  get #path(): string {
    return `/v1/zones/${this.zone}/dnssec`;
  }

  async call(method: string, path: string, body?: unknown) {
    // A connection that was idle may be closed by the server while a request goes out on it.
    // What is sent once more, since the server died before it replied, is done once.
    const once = method === 'POST' && { 'idempotency-key': randomUUID() };
    const reply = await this.#teal.call(method, path, body, { connection: 'close', ...once });
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  /** A zone without records and services, whose nameserver has an address. */
  async begin(address: string): Promise<void> {
    const { zone } = this;
    const ttlSeconds = SHORT_TTL_SECONDS;
    const body = { nameservers: [`ns.${zone}`], hostmaster: `hostmaster.${zone}`, ttlSeconds, negativeTtlSeconds: 2 };
    await this.call('PUT', `/v1/zones/${zone}`, body);
    await this.put(`ns.${zone}`, 'A', address);
  }

  async put(name: string, type: string, ...rdata: string[]): Promise<void> {
    const body = { ttlSeconds: SHORT_TTL_SECONDS, rdata };
    await this.call('PUT', `/v1/zones/${this.zone}/rrsets/${name}/${type}`, body);
  }

  /** The same with everything that there are questions about. */
  async setUp(folder: string): Promise<void> {
    await this.begin(ADDRESS.teal);
    for (const [what, rdata] of Object.entries(recordsIn(this.zone, dsOfSecureChild(folder, this.zone)))) {
      const [name = '', type = ''] = what.split(' ');
      await this.put(name, type, ...rdata);
    }
    for (const [name, body] of Object.entries(servicesIn(this.zone)))
      await this.call('PUT', `/v1/services/${name}`, body);
  }

  /** Waits for a stage; the parent follows what it is to have. */
  async until(wanted: string): Promise<void> {
    let last = '';
    for (const startedAt = performance.now(); performance.now() - startedAt < STAGE_LIMIT_MS; await sleep(POLL_MS)) {
      const { status, body } = await this.#teal.call('GET', this.#path);
      const stage = status === 404 ? 'none' : (body.stage as string);
      if (stage === wanted) return;
      if (stage !== last && stage === 'ds-needed') await this.#internet.setDs(this.zone, body.ds);
      if (stage !== last && stage === 'ds-removal') await this.#internet.setDs(this.zone, []);
      last = stage;
    }
    throw new Error(`${wanted} did not come: ${last}`);
  }

  set mustBeSecure(value: boolean) {
    for (const asker of this.askers) asker.mustBeSecure = value;
  }

  /** Signed, the DS at the parent, and nothing of before in any cache. */
  async sign(denial: Denial): Promise<void> {
    await this.call('PUT', this.#path, { dnskeyTtlSeconds: SHORT_TTL_SECONDS, denial });
    await this.until('secure');
    // What was asked for while a resolver did not know the DS may be in its cache.
    await sleep((CANARY_TTL_SECONDS + SHORT_TTL_SECONDS + 1) * 1000);
    this.mustBeSecure = true;
  }

  /** Until nothing of before is in any cache. */
  async forget(): Promise<void> {
    await sleep(2 * (SHORT_TTL_SECONDS + 1) * 1000);
  }

  async roll(): Promise<void> {
    await this.call('POST', `${this.#path}/roll`, {});
    await this.until('secure');
  }

  async unsign(): Promise<void> {
    this.mustBeSecure = false;
    await this.call('DELETE', this.#path);
    await this.until('none');
    await this.forget();
  }

  /** Has all denied in another way, and waits until it is so and caches have met it. */
  async denyBy(denial: Denial): Promise<void> {
    await this.call('PUT', this.#path, { denial });
    for (const startedAt = performance.now(); performance.now() - startedAt < STAGE_LIMIT_MS; await sleep(POLL_MS)) {
      const query = buildQuery({ name: `nowhere.${this.zone}`, edns: { do: true } });
      const { authority } = await askUdp(this.#address, 53, query);
      if (authority.some(({ type }) => type === NSEC3) === (denial === 'nsec3')) return this.forget();
    }
    throw new Error(`${this.zone} is not denied by ${denial}`);
  }

  /** So many shifts, a change of a record at every tenth, a service that comes or goes at every hundredth. */
  async shift(count: number): Promise<void> {
    const { zone } = this;
    // Everything but the services that are counted is shifted together.
    const shifted = ['app', 'moved', '*.wild-service'].map((label) => `${label}.${zone}`);
    const guest = `/v1/zones/${zone}/rrsets/${comesAndGoes(zone)}/A`;
    for (let n = 0; n < count; n++) {
      const blue = n % 2 === 0 ? 0 : 100;
      const weights = Object.fromEntries(shifted.map((name) => [name, { blue, green: 100 - blue }]));
      await this.call('POST', '/v1/shifts', { services: weights });
      if (n % 20 === 10) await this.call('PUT', guest, { ttlSeconds: 1, rdata: [`192.0.2.${100 + (n % 100)}`] });
      if (n % 20 === 0 && n > 0) await this.call('DELETE', guest);
      const passing = `/v1/services/passing.${zone}`;
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
    const path = `/v1/services/canary.${this.zone}/releases`;
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
  async shares(): Promise<Shares> {
    const counted = countedIn(this.zone);
    const draw = async (asker: Asker): Promise<readonly [number, number]> => {
      const drawn: [number, number] = [0, 0];
      const rounds = Math.ceil(DRAWS / counted.length);
      for (let round = 0; round < rounds; round++) {
        // Those that get lost are no draws.
        const replies = await Promise.all(counted.map((name) => asker.ask(name, 1).catch(() => undefined)));
        for (const reply of replies) {
          const address = reply?.answers.find(({ type }) => type === 1)?.data;
          if (address !== undefined) drawn[address === BLUE ? 0 : 1] += 1;
        }
        // Then no cache has it any more.
        await sleep((SHORT_TTL_SECONDS + 2) * 1000);
      }
      return drawn;
    };
    const found = await Promise.all(this.askers.map(async (asker) => [asker.name, await draw(asker)] as const));
    return Object.fromEntries(found);
  }
}
