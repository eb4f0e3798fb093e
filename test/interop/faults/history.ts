/**
 * What was written to a fleet, read from it and answered by it, and what of that must not be: every writer has an RRset of
 * its own, in which it writes numbers that grow, each until it is acknowledged.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { buildQuery, UdpClient } from '../../fixtures/dns-client.ts';
import type { ApiReply, TealProcess } from '../../fixtures/process.ts';
import type { FleetFixture, Node } from '../fleet.ts';

/** A query that has no answer by then has none. */
const ANSWER_MS = 60_000;
/** A request to a node that is stopped meanwhile: it is made again, to another one. */
const REQUEST_MS = 8000;
const PAUSE_MS = 30;
/** Of what is said, where something is wrong. */
const VIOLATIONS_MAX = 50;

interface Write {
  readonly writer: number;
  readonly value: number;
  /** Of the first request and of the reply with a 2xx. */
  readonly beganMs: number;
  readonly endedMs: number;
  readonly revision: number;
}

/** As the API tells it. */
export interface LoggedRevision {
  readonly revision: number;
  readonly subjects: readonly {
    readonly name: string;
    readonly after: { readonly rdata?: readonly string[] } | null;
  }[];
}

export class History {
  readonly #fleet: FleetFixture;
  readonly #random: () => number;
  readonly writes: Write[] = [];
  /** By writer: the last number that was sent, and the last that was acknowledged. */
  readonly #sent: number[] = [];
  readonly #acknowledged: number[] = [];
  readonly violations: string[] = [];
  answers = 0;
  /** Answers of nodes that claimed to be current. */
  claimed = 0;
  /** Reads by nodes that did not say that they may be old. */
  reads = 0;
  #isWriting = true;
  #isOver = false;
  readonly #writers: Promise<void>[] = [];
  readonly #watchers: Promise<void>[] = [];

  constructor(fleet: FleetFixture, random: () => number) {
    this.#fleet = fleet;
    this.#random = random;
  }

  begin(): void {
    for (const node of this.#fleet.nodes) this.join(node);
  }

  /** One more that is asked, and by which is written. */
  join(node: Node): void {
    const writer = this.#sent.push(0) - 1;
    this.#acknowledged.push(0);
    this.#writers.push(this.#write(writer, node));
    this.#watchers.push(this.#watch(node));
  }

  /** Resolves when each writer has its last number acknowledged. */
  async endWriting(): Promise<void> {
    this.#isWriting = false;
    await Promise.all(this.#writers);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#watchers);
  }

  /** Holds all that was said against the logs of the nodes. */
  judge(logs: ReadonlyMap<string, readonly LoggedRevision[]>): void {
    const [[, first] = ['', []]] = logs;
    for (const [node, log] of logs) {
      if (JSON.stringify(log) !== JSON.stringify(first)) this.#violate(`the log of ${node} is another`);
    }
    first.forEach(({ revision }, n) => {
      if (revision !== n + 1) this.#violate(`revision ${revision} stands at ${n + 1}`);
    });
    const logged = new Map<string, number[]>();
    for (const { revision, subjects } of first) {
      for (const { name, after } of subjects) {
        const key = `${name} ${after?.rdata?.join()}`;
        logged.set(key, [...(logged.get(key) ?? []), revision]);
      }
    }
    for (const { writer, value, revision } of this.writes) {
      const found = logged.get(`${nameOf(writer)}/A ${addressOf(value)}`) ?? [];
      if (found.length !== 1 || found[0] !== revision) {
        this.#violate(`${value} of writer ${writer} has revision ${revision}, and in the log ${found.join()}`);
      }
    }
    this.#judgeOrder();
  }

  /** What began after something was acknowledged has a later revision. */
  #judgeOrder(): void {
    const byEnd = [...this.writes].sort((a, b) => a.endedMs - b.endedMs);
    const byBegin = [...this.writes].sort((a, b) => a.beganMs - b.beganMs);
    let highest = 0;
    let at = 0;
    for (const { beganMs, revision } of byBegin) {
      for (; at < byEnd.length && (byEnd[at] as Write).endedMs < beganMs; at++) {
        highest = Math.max(highest, (byEnd[at] as Write).revision);
      }
      if (revision <= highest) this.#violate(`revision ${revision} began after ${highest} was acknowledged`);
    }
  }

  #violate(words: string): void {
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push(words);
  }

  /** Some node that is there, the writer's own as a rule. */
  #some(own: Node): Node | undefined {
    const up = this.#fleet.nodes.filter(({ isDown }) => !isDown);
    if (!own.isDown && this.#random() < 0.7) return own;
    return up[Math.floor(this.#random() * up.length)];
  }

  async #write(writer: number, own: Node): Promise<void> {
    while (this.#isWriting) {
      const value = (this.#sent[writer] as number) + 1;
      this.#sent[writer] = value;
      const beganMs = performance.now();
      for (;;) {
        const node = this.#some(own);
        const reply = node && (await write(node.process, writer, value));
        if (reply !== undefined && reply.status < 300) {
          const revision = Number(reply.headers.get('teal-revision'));
          this.#acknowledged[writer] = value;
          this.writes.push({ writer, value, beganMs, endedMs: performance.now(), revision });
          break;
        }
        if (reply !== undefined && reply.status !== 503 && reply.status !== 504) {
          this.#violate(`a write was refused with ${reply.status} ${JSON.stringify(reply.body)}`);
        }
        await sleep(PAUSE_MS * 5);
      }
      await sleep(PAUSE_MS * this.#random());
    }
  }

  async #watch(node: Node): Promise<void> {
    while (!this.#isOver) {
      if (node.isDown) {
        await sleep(20);
        continue;
      }
      const teal = node.process;
      const client = await UdpClient.open(new URL(teal.admin).hostname, teal.dnsPort);
      const interrupted = until(() => node.isDown || node.process !== teal);
      try {
        await Promise.race([this.#ask(node, client), interrupted]);
      } catch (error) {
        if (!node.isDown && node.process === teal) this.#violate(`${node.name}: ${(error as Error).message}`);
      } finally {
        await client.close();
      }
    }
  }

  async #ask(node: Node, client: UdpClient): Promise<void> {
    const { process: teal, name } = node;
    const beforeMs = performance.now();
    const { body } = await teal.call('GET', '/readyz');
    const claimsUntilMs = beforeMs + (body.fleet?.currentForMs ?? 0);
    for (let n = 0; n < 10 && !node.isDown; n++) {
      const writer = Math.floor(this.#random() * this.#sent.length);
      const acknowledged = this.#acknowledged[writer] as number;
      const reply = await client.ask(buildQuery({ name: nameOf(writer) }), ANSWER_MS);
      const atMs = performance.now();
      this.answers++;
      // What came back before its claim was over was sent while it claimed.
      if (atMs > claimsUntilMs) continue;
      this.claimed++;
      const value = numberAt(reply.answers[0]?.data);
      if (value < acknowledged)
        this.#violate(`${name} claimed, and answered ${value} of writer ${writer} after ${acknowledged}`);
    }
    await this.#read(node);
  }

  /** What is read by the API is no older, or says so. */
  async #read({ process: teal, name }: Node): Promise<void> {
    const writer = Math.floor(this.#random() * this.#sent.length);
    const acknowledged = this.#acknowledged[writer] as number;
    const { body, headers } = await teal.call('GET', pathOf(writer));
    if (headers.get('teal-stale') !== null) return;
    this.reads++;
    const value = numberAt(body.rdata?.[0]);
    if (value < acknowledged) this.#violate(`${name} told ${value} of writer ${writer} after ${acknowledged}`);
  }
}

async function write(teal: TealProcess, writer: number, value: number): Promise<ApiReply | undefined> {
  const late = new AbortController();
  const changes = [{ put: { name: nameOf(writer), type: 'A', ttlSeconds: 1, rdata: [addressOf(value)] } }];
  // A request that a node was stopped with is carried out when it goes on, where nobody waits for it any more.
  const key = { 'idempotency-key': `${writer}-${value}` };
  const request = teal.call('POST', '/v1/zones/example.test/changes', { changes }, key);
  const tooLate = sleep(REQUEST_MS, undefined, { signal: late.signal }).catch(() => undefined);
  const reply = await Promise.race([request.catch(() => undefined), tooLate]);
  late.abort();
  return reply;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(20);
}

const nameOf = (writer: number): string => `mark${writer}.example.test`;
const pathOf = (writer: number): string => `/v1/zones/example.test/rrsets/${nameOf(writer)}/A`;
const addressOf = (value: number): string => `10.${(value >> 16) & 255}.${(value >> 8) & 255}.${value & 255}`;

function numberAt(address: string | undefined): number {
  if (address === undefined) return 0;
  const [, a, b, c] = address.split('.').map(Number) as [number, number, number, number];
  return (a << 16) | (b << 8) | c;
}
