/** A fleet for tests: members of etcd and nameservers in processes of their own, a client that writes, and a checker of what is answered. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { signalAll } from '../fixtures/planes.ts';
import { type ApiReply, startTeal, type TealProcess } from '../fixtures/process.ts';
import { beBrief, bePatient, comesTo, PATIENCE_MS } from '../fixtures/soon.ts';
import { type EtcdMembers, type EtcdPlaces, startEtcd } from './etcd.ts';

const TOKEN = 'a9f3c0d7e5b24816-fleet-own';
const MARK = 'mark.example.test';
/** The shortest but one: tests wait for it. */
const STALE_AFTER_SECONDS = 3;
/** A request to etcd that has had no answer by then is lost: no change is refused for want of one before. */
const ETCD_SILENT_MS = 1500;
/** So often a change is made that a machine which stood still kept from some node. */
const TRIES = 5;
/** Of a node's log, where it is not what it should be. */
const LINES_SHOWN = 5;

export interface Node {
  readonly name: string;
  readonly folder: string;
  process: TealProcess;
  /** It is killed or stopped: nobody asks it. */
  isDown: boolean;
}

/** Where nodes and members of etcd are, if not all on loopback. */
interface Places {
  readonly members?: number;
  /** Of etcd. */
  readonly host?: string;
  readonly etcdPlace?: EtcdPlaces;
  /** Options of etcd that all members get. */
  readonly etcdWords?: readonly string[];
  /** Of a member's data, if not a temporary one. */
  readonly etcdFolderOf?: (member: number) => string | undefined;
  /** Whether etcd syncs what it writes, as people have it: for whoever measures, see startEtcd. */
  readonly etcdSyncs?: boolean;
  /** Words before a node's command, and settings of its own. */
  readonly place?: (name: string) => {
    readonly wrapper?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    /** Of its data, if not a temporary one. */
    readonly folder?: string;
  };
}

export class FleetFixture {
  readonly etcd: EtcdMembers;
  readonly nodes: Node[] = [];
  /** Nobody is asked any more. */
  isStopped = false;
  readonly #env: Record<string, string>;
  readonly #places: Places;

  private constructor(etcd: EtcdMembers, env: Record<string, string>, places: Places) {
    this.etcd = etcd;
    this.#env = env;
    this.#places = places;
  }

  /** The first node founds the fleet, the others join with empty directories. */
  static async start(count: number, env: Record<string, string> = {}, places: Places = {}): Promise<FleetFixture> {
    bePatient();
    const { members = 3, host, etcdPlace, etcdWords = [], etcdFolderOf, etcdSyncs } = places;
    const where = { place: etcdPlace, folderOf: etcdFolderOf, syncs: etcdSyncs, ...(host !== undefined && { host }) };
    const etcd = await startEtcd(members, { words: etcdWords, ...where });
    const fleet = new FleetFixture(etcd, env, places);
    try {
      const first = await fleet.add('ns1');
      await until('the fleet is founded', async () => {
        const { status, body } = await first.process.call('POST', '/v1/fleet/init', {});
        // One whose reply was lost has been founded.
        return status === 200 || body.code === 'fleet_exists' || JSON.stringify(body);
      });
      for (let n = 2; n <= count; n++) await fleet.add(`ns${n}`);
      for (const { name } of fleet.nodes) await fleet.live(name);
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  async add(name: string): Promise<Node> {
    const folder = this.#places.place?.(name).folder ?? mkdtempSync(join(tmpdir(), `teal-fleet-${name}-`));
    const node: Node = { name, folder, process: await this.#start(name, folder), isDown: false };
    this.nodes.push(node);
    return node;
  }

  #start(name: string, folder: string): Promise<TealProcess> {
    const env = {
      TEAL_ADMIN_TOKEN: TOKEN,
      TEAL_FLEET_NAME: 'test',
      TEAL_FLEET_NODE: name,
      TEAL_FLEET_ENDPOINTS: this.etcd.endpoints.join(','),
      TEAL_FLEET_STALE_AFTER_SECONDS: String(STALE_AFTER_SECONDS),
      TEAL_DNS_RATE_LIMIT_RESPONSES_PER_SECOND: '0',
      ...this.#env,
    };
    const place = this.#places.place?.(name);
    return startTeal(folder, { env: { ...env, ...place?.env }, wrapper: place?.wrapper ?? [] });
  }

  node(name: string): Node {
    const found = this.nodes.find((node) => node.name === name);
    assert(found !== undefined);
    return found;
  }

  async kill(name: string): Promise<void> {
    const node = this.node(name);
    node.isDown = true;
    await node.process.end('SIGKILL');
  }

  /** On the data that it has. */
  async startAgain(name: string): Promise<void> {
    const node = this.node(name);
    node.process = await this.#start(name, node.folder);
    node.isDown = false;
  }

  /** Resolves when the node is waited for by shifts, and may claim to be current. */
  async live(name: string): Promise<void> {
    const { process: teal } = this.node(name);
    await until(`${name} is live`, () => isLive(teal)).catch((error: Error) => {
      throw new Error(`${error.message}; its log: ${JSON.stringify(teal.log.slice(-LINES_SHOWN))}`);
    });
  }

  /**
   * The reply to a change that all nodes are to answer from which are not down. One that the machine lets stand still for
   * longer than it may claim is named as behind, and an etcd that is let stand still refuses: then it is made again, once all
   * are live. Neither is said before its time, or it is the result.
   */
  async byAll(change: () => Promise<ApiReply>): Promise<ApiReply> {
    for (let tries = 1; ; tries++) {
      const begunAt = performance.now();
      const reply = await change();
      if (tries === TRIES || !this.#isOfSomeStill(reply, performance.now() - begunAt)) return reply;
      for (const { name, isDown } of this.nodes) if (!isDown) await this.live(name);
    }
  }

  /** A reply names a node that was waited for as long as it may claim, or etcd was asked in vain for as long as it is. */
  #isOfSomeStill({ status, body }: ApiReply, tookMs: number): boolean {
    const behind: readonly { readonly node: string }[] = body?.fleet?.behind ?? [];
    if (status < 300) return behind.some(({ node }) => !this.node(node).isDown) && tookMs >= STALE_AFTER_SECONDS * 1000;
    return (status === 503 || status === 504) && tookMs >= ETCD_SILENT_MS;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    for (const { name, process: teal, folder } of this.nodes) {
      if (teal.child.exitCode === null && teal.child.signalCode === null) {
        signalAll(teal.pid, 'SIGCONT');
        await teal.end('SIGKILL');
      }
      // One that was given is a mount, say.
      if (this.#places.place?.(name).folder === undefined) rmSync(folder, { recursive: true, force: true });
    }
    await this.etcd.stop();
  }
}

/** Whether a node is waited for by shifts, and may claim to be current; else what it says of itself. */
export async function isLive(teal: TealProcess): Promise<true | string> {
  const { body } = await teal.call('GET', '/readyz');
  return (body.fleet?.standing === 'live' && body.fleet.current) || JSON.stringify(body);
}

/** Waits until it is so. A text is what was found instead: it is told where it is all in vain, as is why a look failed. */
export async function until(what: string, isSo: () => Promise<boolean | string>): Promise<void> {
  const found = await comesTo(
    () => isSo().catch(wordsOf),
    (each) => each === true,
  );
  if (found === true) return;
  beBrief();
  assert.fail(`in vain: ${what}${found === false ? '' : `: ${found}`}`);
}

/** The node that leads, as soon as there is one that is meant. */
export async function leaderOf(fleet: FleetFixture, isMeant: (node: Node) => boolean = () => true): Promise<Node> {
  let found: Node | undefined;
  let seen: unknown;
  const look = async (): Promise<boolean> => {
    const asked = fleet.nodes.find(({ isDown }) => !isDown) as Node;
    const { body } = await asked.process.call('GET', '/v1/fleet');
    seen = body;
    const name = body.nodes.find(({ leads }: { leads: boolean }) => leads)?.node;
    found = fleet.nodes.find((node) => node.name === name);
    return found !== undefined && isMeant(found);
  };
  await until('one leads that is meant', look).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(seen)}`);
  });
  return found as Node;
}

/** Writes a number that grows, and holds every answer of every node against what was acknowledged. */
export class Checker {
  readonly #fleet: FleetFixture;
  /** The last number that was sent, and the highest that had its 2xx. */
  #sent = 0;
  acknowledged = 0;
  readonly revisions: { readonly value: number; readonly revision: number }[] = [];
  readonly faults: string[] = [];
  answers = 0;
  /** Answers of nodes that claimed to be current, which are those that are judged. */
  claimed = 0;
  #isOver = false;
  #loops: Promise<void>[] = [];

  readonly #mayLeave: boolean;

  /** `mayLeave`: a node goes out by itself in the test, which ends its claim before its time: what it said then says so. */
  constructor(fleet: FleetFixture, { mayLeave = false } = {}) {
    this.#fleet = fleet;
    this.#mayLeave = mayLeave;
  }

  begin(): void {
    this.#loops = this.#fleet.nodes.map((node) => this.#watch(node));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  /** Writes by a node what all are to answer. */
  writeToAll(name: string): Promise<ApiReply> {
    return this.#fleet.byAll(() => this.write(name));
  }

  /** Writes the next number by a node. */
  async write(name: string): Promise<ApiReply> {
    const value = ++this.#sent;
    const rdata = [addressOf(value)];
    const path = `/v1/zones/example.test/rrsets/${MARK}/A`;
    const reply = await this.#fleet.node(name).process.call('PUT', path, { ttlSeconds: 1, rdata });
    if (reply.status < 300) {
      this.acknowledged = value;
      this.revisions.push({ value, revision: Number(reply.headers.get('teal-revision')) });
    }
    return reply;
  }

  async #watch(node: Node): Promise<void> {
    // A test that has failed does not end it.
    while (!this.#isOver && !this.#fleet.isStopped) {
      if (node.isDown) {
        await sleep(20);
        continue;
      }
      const teal = node.process;
      const client = await UdpClient.open(new URL(teal.admin).hostname, teal.dnsPort);
      try {
        const died = teal.ended.then(() => Promise.reject(new Error('it died')));
        await Promise.race([this.#ask(node, client), died]);
      } catch (error) {
        // It may have been killed in the middle.
        if (!node.isDown && node.process === teal) this.faults.push(`${node.name}: ${wordsOf(error)}`);
        // Nothing else of this process would get its turn where one is dead that nobody has killed.
        await sleep(20);
      } finally {
        await client.close();
      }
    }
  }

  async #ask(node: Node, client: UdpClient): Promise<void> {
    const { process: teal } = node;
    const beforeMs = performance.now();
    const { body } = await teal.call('GET', '/readyz');
    const claimsUntilMs = beforeMs + (body.fleet?.currentForMs ?? 0);
    const old: string[] = [];
    for (let n = 0; n < 10 && !node.isDown; n++) {
      const acknowledged = this.acknowledged;
      const reply = await client.send(buildQuery({ name: MARK }), PATIENCE_MS);
      const atMs = performance.now();
      const value = markOf(reply.answers[0]?.data);
      this.answers++;
      // What came back before its claim was over was sent while it claimed.
      if (atMs > claimsUntilMs) continue;
      this.claimed++;
      if (value < acknowledged) {
        old.push(`${node.name} claimed, and answered ${value} after ${acknowledged} was acknowledged`);
      }
    }
    if (old.length === 0) return;
    const hasLeft = this.#mayLeave && (await teal.call('GET', '/readyz')).body.fleet?.standing === 'out';
    if (!hasLeft) this.faults.push(...old);
  }
}

/** What a request of `fetch` failed by is beside it. */
function wordsOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause === undefined ? message : `${message} (${(cause as Error).message})`;
}

const addressOf = (value: number): string => `10.${(value >> 16) & 255}.${(value >> 8) & 255}.${value & 255}`;

function markOf(address: string | undefined): number {
  if (address === undefined) return 0;
  const [, a, b, c] = address.split('.').map(Number);
  return (a << 16) | (b << 8) | c;
}
