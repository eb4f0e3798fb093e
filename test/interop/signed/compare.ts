/** Signed zones behind Teal, NSD and Knot at once: the same queries, sections compared as sets, every difference judged. */
import { apexOf } from '../../../src/model/zone-apex.ts';
import { readZone } from '../../../src/model/zone-check.ts';
import type { ZoneContent } from '../../../src/model/zone-content.ts';
import { checkBrought } from '../../../src/signing/brought.ts';
import { UdpClient } from '../../fixtures/dns-client.ts';
import { type Message, readMessage, textOf } from '../../fixtures/dnssec/message.ts';
import { askBytes, makeTable } from '../../fixtures/table.ts';
import { type Peer, type PeerName, startPeer } from '../peers.ts';
import { generate, type SignedQuery } from './queries.ts';
import { rules, type Said, type Seen } from './rules.ts';
import { type SignedZone, signZones } from './zones.ts';

const WINDOW = 200;
/** A busy machine loses datagrams: a peer that stays silent so often, for so long each time, has nothing to say. */
const TRIES = 5;
const SILENCE_MS = 3000;
const UDP_BYTES = 4096;

export interface Outcome {
  readonly asked: number;
  /** Differences by rule and peer. */
  readonly explained: ReadonlyMap<string, number>;
  readonly faults: readonly string[];
}

function said({ rcode, flags, records }: Message): Said {
  const section = (name: string): string[] =>
    records
      .filter((record) => record.section === name)
      .map(({ owner, type, ttl, rdata }) => `${textOf(owner)} ${ttl} ${type} ${rdata.toString('hex')}`)
      .sort();
  // RD is the client's, and the same.
  const kept = { rcode, aa: (flags & 0x0400) !== 0, tc: (flags & 0x0200) !== 0, ad: (flags & 0x0020) !== 0 };
  return { ...kept, answer: section('answer'), authority: section('authority'), additional: section('additional') };
}

function equal(a: Said, b: Said): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Teal with the zones as it keeps them; throws where its check of a file finds fault with one that others have signed. */
function makeTeal(zones: readonly SignedZone[]) {
  const { table, responder } = makeTable();
  for (const { apex, file } of zones) {
    const { content, findings } = readZone(apex, Buffer.from(file, 'latin1'));
    if (findings.errors.length === 0) checkBrought(content, findings, Math.floor(Date.now() / 1000));
    if (findings.errors.length > 0) throw new Error(`${apex}: ${JSON.stringify(findings.errors)}`);
    const zone = { name: apex, ...apexOf(content), revision: 1 };
    const loaded = table.load(zone, () => rowsOf(content));
    if (loaded !== 'whole') throw new Error(`${apex}: ${JSON.stringify(loaded)}`);
  }
  return (query: SignedQuery): Said => said(readMessage(askBytes(responder, query.bytes, false) as Buffer));
}

function* rowsOf(content: ZoneContent) {
  for (const rrset of content.inOrder()) {
    const isOfZone = rrset.name === content.zone && (rrset.type === 6 || rrset.type === 2);
    if (!isOfZone) yield { zone: content.zone, revision: 1, ...rrset };
  }
}

async function ask(client: UdpClient, query: SignedQuery): Promise<Said | undefined> {
  for (let left = TRIES; left > 0; left--) {
    const reply = await client.ask(query.bytes, SILENCE_MS).catch(() => undefined);
    if (reply !== undefined) return said(readMessage(reply.bytes));
  }
  return undefined;
}

/** Applies the rules; the names of those that changed something, and whether the difference is gone. */
function judge(seen: Seen): { used: string[]; isExplained: boolean } {
  const used: string[] = [];
  let { theirs } = seen;
  for (const rule of rules) {
    const changed = rule.explain({ ...seen, theirs });
    if (changed === undefined || equal(changed, theirs)) continue;
    used.push(rule.name);
    theirs = changed;
    if (equal(theirs, seen.ours)) return { used, isExplained: true };
  }
  return { used, isExplained: false };
}

/** `peers`: those that it is compared with. */
export async function compareSigned(count: number, seed: number, names: readonly PeerName[]): Promise<Outcome> {
  const zones = signZones();
  const teal = makeTeal(zones);
  const files = Object.fromEntries(zones.map(({ apex, file }) => [apex, file]));
  const peers: Peer[] = [];
  const clients: UdpClient[] = [];
  const explained = new Map<string, number>();
  const faults: string[] = [];
  let asked = 0;
  const compare = async (query: SignedQuery, ours: Said, index: number): Promise<void> => {
    const peer = peers[index]?.name as PeerName;
    const theirs = await ask(clients[index] as UdpClient, query);
    if (theirs === undefined) faults.push(`${query.text}: silence of ${peer}`);
    if (theirs === undefined || equal(ours, theirs)) return;
    const { used, isExplained } = judge({ query, peer, ours, theirs, zones });
    for (const rule of used) explained.set(`${rule} (${peer})`, (explained.get(`${rule} (${peer})`) ?? 0) + 1);
    if (!isExplained) faults.push(`${query.text}\n  teal ${JSON.stringify(ours)}\n  ${peer} ${JSON.stringify(theirs)}`);
  };
  try {
    for (const name of names) peers.push(await startPeer(name, files, UDP_BYTES));
    for (const { port } of peers) clients.push(await UdpClient.open('127.0.0.1', port));
    let pending: Promise<void>[] = [];
    for (const query of generate(zones, seed, count)) {
      asked++;
      const ours = teal(query);
      pending.push(...peers.map((_, index) => compare(query, ours, index)));
      if (pending.length < WINDOW * peers.length) continue;
      await Promise.all(pending);
      pending = [];
    }
    await Promise.all(pending);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(peers.map((peer) => peer.stop()));
  }
  return { asked, explained, faults };
}
