/** Teal against NSD and Knot DNS: the same zones, hundreds of thousands of queries, every difference explained. */
import t from 'tap';
import { decode, type Reply, UdpClient } from '../fixtures/dns-client.ts';
import { askBytes } from '../fixtures/table.ts';
import { world } from '../fixtures/world.ts';
import { differingParts, equal, said } from './compare.ts';
import { type Peer, startPeer } from './peers.ts';
import { type GeneratedQuery, generate } from './queries.ts';
import { richZones } from './rich-zones.ts';
import { type Case, rules } from './rules.ts';

/** Queries to each peer; the environment may ask for another number or seed. */
const QUERIES = Number(process.env.TEAL_INTEROP_QUERIES ?? 200_000);
const SEED = Number(process.env.TEAL_INTEROP_SEED ?? 20261124);
/** Outstanding to each peer: what their receive buffers hold with ease. */
const WINDOW = 200;
/** A busy machine loses datagrams: a peer that stays silent so often, for so long each time, has nothing to say. */
const TRIES = 5;
const SILENCE_MS = 3000;
/** Faults that are shown; one is enough to fail. */
const SHOWN = 20;

async function ask(client: UdpClient, query: Uint8Array): Promise<Reply | undefined> {
  for (let left = TRIES; left > 0; left--) {
    const reply = await client.ask(query, SILENCE_MS).catch(() => undefined);
    if (reply !== undefined) return reply;
  }
  return undefined;
}

/** Applies the rules; the names of those that changed something, and whether the difference is gone. */
function judge(difference: Case): { used: string[]; explained: boolean } {
  const used: string[] = [];
  let { theirs } = difference;
  for (const rule of rules) {
    const changed = rule.explain({ ...difference, theirs });
    if (changed === undefined || equal(changed, theirs)) continue;
    used.push(rule.name);
    theirs = changed;
    if (equal(theirs, difference.ours)) return { used, explained: true };
  }
  return { used, explained: false };
}

t.test(`Teal, NSD and Knot say the same to ${QUERIES} queries, or a rule tells why not`, async (t) => {
  const teal = world(richZones);
  const peers: Peer[] = [];
  t.teardown(() => Promise.all(peers.map((peer) => peer.stop())));
  for (const name of ['nsd', 'knot'] as const) peers.push(await startPeer(name));
  const clients = await Promise.all(peers.map(({ port }) => UdpClient.open('127.0.0.1', port)));
  t.teardown(() => Promise.all(clients.map((client) => client.close())));
  const explained = new Map<string, number>();
  const faults: string[] = [];
  let asked = 0;

  const compare = async (query: GeneratedQuery, own: Buffer | undefined, index: number): Promise<void> => {
    const peer = peers[index].name;
    const ours = said(own === undefined ? undefined : decode(own));
    const reply = await ask(clients[index], query.bytes);
    const theirs = said(reply);
    if (equal(ours, theirs)) return;
    if (ours === undefined || theirs === undefined) {
      faults.push(`${query.text}: silence of ${ours === undefined ? 'teal' : peer}`);
      return;
    }
    const verdict = judge({
      query,
      peer,
      ours,
      theirs,
      ourBytes: own?.length ?? 0,
      theirBytes: reply?.bytes.length ?? 0,
    });
    for (const rule of verdict.used) explained.set(`${rule} (${peer})`, (explained.get(`${rule} (${peer})`) ?? 0) + 1);
    if (verdict.explained) return;
    const parts = differingParts(ours, theirs).join(', ');
    faults.push(`${query.text}: ${parts}\n  teal ${JSON.stringify(ours)}\n  ${peer} ${JSON.stringify(theirs)}`);
  };

  let pending: Promise<void>[] = [];
  for (const query of generate(SEED, QUERIES)) {
    asked++;
    const own = askBytes(teal.responder, query.bytes);
    pending.push(...peers.map((_, index) => compare(query, own, index)));
    if (pending.length < WINDOW * peers.length) continue;
    await Promise.all(pending);
    pending = [];
  }
  await Promise.all(pending);
  t.ok(asked >= QUERIES, `${asked} queries to each of ${peers.map(({ name }) => name).join(' and ')}`);
  for (const [rule, count] of [...explained].sort()) t.comment(`${count} differences: ${rule}`);
  t.equal(faults.length, 0, 'unexplained differences');
  for (const fault of faults.slice(0, SHOWN)) t.comment(fault);
  const used = new Set([...explained.keys()].map((key) => key.replace(/ \(\w+\)$/, '')));
  t.same(
    rules.filter(({ name }) => !used.has(name)).map(({ name }) => name),
    [],
    'no rule is there for nothing',
  );
});
