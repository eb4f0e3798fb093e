/** What happens to a fleet, in an order that a seed gives: each kind once, and then anew. Each fault ends by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { signalAll } from '../../fixtures/planes.ts';
import { etcdClient, etcdctl, must } from '../etcd.ts';
import { type FleetFixture, type Node, until } from '../fleet.ts';
import type { History, LoggedRevision } from './history.ts';
import type { Place } from './namespaces.ts';

/** How long one lasts: from what nobody notices to longer than a node may claim. */
const LASTS_MIN_MS = 500;
const LASTS_MAX_MS = 4500;
const CALM_MAX_MS = 1000;
/** This often a member of etcd and a nameserver are struck at once. */
const BOTH_SHARE = 0.3;

interface FaultParts {
  readonly fleet: FleetFixture;
  readonly history: History;
  readonly places: ReadonlyMap<string, Place>;
  readonly random: () => number;
  readonly say: (line: string) => void;
}

type Kind = keyof Faults['kinds'];

export class Faults {
  readonly #parts: FaultParts;
  /** How often each kind happened. */
  readonly done: Partial<Record<Kind, number>> = {};
  readonly #members = [0, 1, 2];

  constructor(parts: FaultParts) {
    this.#parts = parts;
  }

  readonly kinds = {
    'a nameserver is killed': async () => this.#killNode(this.#node()),
    'a nameserver stands still': async () => this.#stopNode(this.#node()),
    'the leader of the fleet is killed': async () => this.#killNode(await this.#leader()),
    'the leader of the fleet stands still': async () => this.#stopNode(await this.#leader()),
    'a member is killed': async () => this.#killMembers([this.#member()]),
    "etcd's leader is killed": async () => this.#killMembers([await this.#etcdLeader()]),
    "etcd's leader stands still": async () => this.#stopMember(await this.#etcdLeader()),
    'the quorum is lost': async () => this.#killMembers(this.#members.filter((n) => n !== this.#firstMember())),
    'all members are killed': async () => this.#killMembers(this.#members),
    'a nameserver is cut off': async () => this.#cut(this.#node().name),
    "etcd's leader is cut off": async () => this.#cut(`m${await this.#etcdLeader()}`),
    'what a watch wants next is compacted': async () => this.#compact(),
    'a nameserver joins': async () => this.#join(),
  };

  /** For so long, and until each kind happened once. */
  async during(ms: number, isEnough: () => boolean): Promise<void> {
    const endsAtMs = performance.now() + ms;
    let deck = this.#shuffled();
    let isFirst = true;
    while ((performance.now() < endsAtMs || (isFirst && deck.length > 0)) && !isEnough()) {
      if (deck.length === 0) {
        deck = this.#shuffled();
        isFirst = false;
      }
      const kind = deck.pop() as Kind;
      const beside = this.#random() < BOTH_SHARE ? 'a nameserver is killed' : undefined;
      await Promise.all([this.#do(kind), beside !== undefined && beside !== kind && this.#do(beside)]);
      await sleep(this.#random() * CALM_MAX_MS);
    }
  }

  /** Nothing is broken any more, and every node is waited for again. */
  async mend(): Promise<void> {
    const { fleet } = this.#parts;
    await fleet.etcd.ready();
    for (const { name } of fleet.nodes) await fleet.live(name);
  }

  /** What each node has as the history of the fleet. */
  async logs(): Promise<Map<string, LoggedRevision[]>> {
    const logs = new Map<string, LoggedRevision[]>();
    for (const { name, process: teal } of this.#parts.fleet.nodes) {
      const items: LoggedRevision[] = [];
      for (let after = 0; ; ) {
        const { body } = await teal.call('GET', `/v1/revisions?after=${after}&limit=500`);
        items.push(...body.items);
        if (body.next === undefined) break;
        after = Number(body.next);
      }
      logs.set(name, items);
    }
    return logs;
  }

  #random(): number {
    return this.#parts.random();
  }

  /** The joining of one more is tried once. */
  #shuffled(): Kind[] {
    const { places } = this.#parts;
    const kinds = (Object.keys(this.kinds) as Kind[]).filter((kind) => {
      if (kind === 'a nameserver joins') return this.done[kind] === undefined;
      return places.size > 0 || !kind.endsWith('is cut off');
    });
    for (let n = kinds.length - 1; n > 0; n--) {
      const other = Math.floor(this.#random() * (n + 1));
      [kinds[n], kinds[other]] = [kinds[other] as Kind, kinds[n] as Kind];
    }
    return kinds;
  }

  async #do(kind: Kind): Promise<void> {
    this.#parts.say(kind);
    await this.kinds[kind]();
    this.done[kind] = (this.done[kind] ?? 0) + 1;
  }

  #lasts(): Promise<void> {
    return sleep(LASTS_MIN_MS + this.#random() * (LASTS_MAX_MS - LASTS_MIN_MS));
  }

  /** One that is there. */
  #node(): Node {
    const up = this.#parts.fleet.nodes.filter(({ isDown }) => !isDown);
    return up[Math.floor(this.#random() * up.length)] as Node;
  }

  #member(): number {
    return Math.floor(this.#random() * this.#members.length);
  }

  /** The one that stays. */
  #firstMember(): number {
    return this.#parts.fleet.nodes.length % this.#members.length;
  }

  /** Who leads the fleet, or one of the others where that is not known now. */
  async #leader(): Promise<Node> {
    const asked = this.#node();
    const { body } = await asked.process.call('GET', '/v1/fleet').catch(() => ({ body: undefined }));
    const name = body?.nodes?.find(({ leads }: { leads: boolean }) => leads)?.node;
    const found = this.#parts.fleet.nodes.find((node) => node.name === name && !node.isDown);
    return found ?? this.#node();
  }

  async #etcdLeader(): Promise<number> {
    const { endpoints } = this.#parts.fleet.etcd;
    const client = etcdClient(endpoints);
    const found = await client.members().finally(() => client.close());
    const at = found.findIndex((member) => 'isLeader' in member && member.isLeader);
    return at < 0 ? this.#member() : at;
  }

  async #killNode(node: Node): Promise<void> {
    const { fleet } = this.#parts;
    if (node.isDown) return;
    await fleet.kill(node.name);
    await this.#lasts();
    await fleet.startAgain(node.name);
  }

  async #stopNode(node: Node): Promise<void> {
    if (node.isDown) return;
    node.isDown = true;
    signalAll(node.process.pid, 'SIGSTOP');
    await this.#lasts();
    signalAll(node.process.pid, 'SIGCONT');
    node.isDown = false;
  }

  async #killMembers(members: readonly number[]): Promise<void> {
    const { etcd } = this.#parts.fleet;
    await Promise.all(members.map((n) => etcd.kill(n)));
    await this.#lasts();
    for (const n of members) etcd.start(n);
    await etcd.ready();
  }

  async #stopMember(n: number): Promise<void> {
    const { etcd } = this.#parts.fleet;
    process.kill(etcd.pid(n), 'SIGSTOP');
    await this.#lasts();
    process.kill(etcd.pid(n), 'SIGCONT');
  }

  async #cut(name: string): Promise<void> {
    const place = this.#parts.places.get(name);
    place?.cut();
    await this.#lasts();
    place?.mend();
  }

  /** While a node stands still, others write on, and what it has not heard of is compacted away. */
  async #compact(): Promise<void> {
    const { fleet } = this.#parts;
    const node = this.#node();
    node.isDown = true;
    signalAll(node.process.pid, 'SIGSTOP');
    await sleep(LASTS_MIN_MS);
    await this.#lasts();
    const client = etcdClient(fleet.etcd.endpoints);
    // Members that stood still for a moment do it at the next try.
    await until('it is compacted', async () => {
      const { revision } = must(await client.range({ key: 'head' }));
      return etcdctl(fleet.etcd.endpoints, 'compact', String(revision)) !== '';
    }).finally(() => client.close());
    signalAll(node.process.pid, 'SIGCONT');
    node.isDown = false;
  }

  async #join(): Promise<void> {
    const { fleet, history } = this.#parts;
    const node = await fleet.add(`ns${fleet.nodes.length + 1}`);
    history.join(node);
    await until('it has joined', async () => {
      const { fleet: own } = (await node.process.call('GET', '/readyz')).body;
      return own.standing === 'live' || JSON.stringify(own);
    });
  }
}
