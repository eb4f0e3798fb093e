/** The state machines of signing, rolling and unsigning: no cache ever finds a bogus chain, and all of them come to an end. */
import t from 'tap';
import { apexRecords } from '../../../src/model/dnssec/apex.ts';
import { type SigningWord, waitedFor } from '../../../src/model/dnssec/others.ts';
import { dsSeen } from '../../../src/model/dnssec/parent-says.ts';
import { sentence } from '../../../src/model/dnssec/sentence.ts';
import type { ZoneSigning } from '../../../src/model/dnssec/signing.ts';
import * as machine from '../../../src/model/dnssec/transition.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import { keyTag } from '../../../src/wire/dnssec/key.ts';
import { mulberry32 } from '../../fixtures/mutate.ts';
import { runs } from '../../fixtures/runs.ts';
import { keyOf, signingOf, World } from './world.ts';

const SEEDS = runs(200);
/** So many may be looked through for one that finds a broken machine. */
const MUTANT_SEEDS = 400;
const TICKS = 400;

t.test(
  'whatever a cache holds within its TTLs, the chain is whole, whoever lags, dies or loses a server',
  async (t) => {
    const stages = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = new World(mulberry32(seed));
      const bogus = world.play(TICKS);
      if (bogus !== undefined) return t.fail(`seed ${seed}: ${bogus}`);
      for (const stage of world.stages) stages.add(stage);
    }
    const all = ['ds-needed', 'ds-seen', 'replacing', 'secure', 'ds-gone', 'unsigned'];
    t.same(
      all.filter((stage) => !stages.has(stage)),
      [],
      'every stage was come to',
    );
  },
);

/** Broken machines: the oracle finds each. */
const mutants: Record<string, typeof machine.transition> = {
  'no TTL is waited for': (signing, seen, nowMs) => {
    const none = { maxTtlSeconds: 0, dnskeyTtlSeconds: 0, dsTtlSeconds: 0 };
    const parent = seen.parent && {
      ...seen.parent,
      servers: seen.parent.servers.map((one) => ({ ...one, ttlSeconds: 0 })),
    };
    const next = machine.transition({ ...signing, ...none }, { ...seen, maxTtlSeconds: 0, parent }, nowMs);
    const { maxTtlSeconds, dnskeyTtlSeconds, dsTtlSeconds } = signing;
    return next && { ...next, maxTtlSeconds, dnskeyTtlSeconds, dsTtlSeconds };
  },
  'the TTL of the DS is not waited for': (signing, seen, nowMs) => {
    const parent = seen.parent && {
      ...seen.parent,
      servers: seen.parent.servers.map((one) => ({ ...one, ttlSeconds: 0 })),
    };
    return machine.transition({ ...signing, dsTtlSeconds: 0 }, { ...seen, parent }, nowMs);
  },
  'the TTL of the DNSKEY RRset is not waited for': (signing, seen, nowMs) => {
    const { dnskeyTtlSeconds } = signing;
    const next = machine.transition({ ...signing, dnskeyTtlSeconds: 0 }, seen, nowMs);
    return next && { ...next, dnskeyTtlSeconds };
  },
  'the DS of one server is enough': (signing, seen, nowMs) => {
    const some = seen.parent?.servers.filter(({ ds = [] }) => ds.some(({ tag }) => tag === signing.keys.at(-1)?.tag));
    const parent = seen.parent && some && some.length > 0 ? { ...seen.parent, servers: some } : seen.parent;
    return machine.transition(signing, { ...seen, parent }, nowMs);
  },
  'a server of the parent that says nothing is passed over': (signing, seen, nowMs) => {
    const servers = seen.parent?.servers.filter(({ error }) => error === undefined) ?? [];
    return machine.transition(signing, { ...seen, parent: seen.parent && { ...seen.parent, servers } }, nowMs);
  },
  'the old key is taken out early': (signing, seen, nowMs) => {
    const next = machine.transition(signing, seen, nowMs);
    return next && { ...next, keys: next.keys.filter(({ role }) => role !== 'outgoing') };
  },
  'a server of ours that lags is not waited for': (signing, seen, nowMs) =>
    machine.transition(signing, { ...seen, inForce: true, others: [] }, nowMs),
  'a node that has the entry and has not signed by it is not waited for': (signing, seen, nowMs) =>
    machine.transition(signing, { ...seen, others: [] }, nowMs),
  'what a node said of an earlier entry counts': (signing, seen, nowMs) => {
    const others = seen.others?.map((other) => ({
      ...other,
      word: other.word && { ...other.word, revision: signing.revision },
    }));
    return machine.transition(signing, { ...seen, others: others ?? [] }, nowMs);
  },
  'the signatures go with the DS': (signing, seen, nowMs) => {
    const next = machine.transition(signing, seen, nowMs);
    return next?.stage === 'ds-gone' ? { ...next, stage: 'unsigned' } : next;
  },
};

for (const [what, mutant] of Object.entries(mutants)) {
  t.test(`the oracle finds a machine in which ${what}`, async (t) => {
    let seed = 1;
    while (seed <= MUTANT_SEEDS && new World(mulberry32(seed), mutant).play(TICKS) === undefined) seed++;
    t.ok(seed <= MUTANT_SEEDS, `by seed ${seed}`);
  });
}

/** Takes steps until nothing moves, and gives the stages; the parent follows at once where it is told anything. */
function run(begin: ZoneSigning, ticks = 40): { stages: string[]; last: ZoneSigning } {
  const stages = [begin.stage as string];
  let signing = begin;
  for (let nowMs = 0; nowMs < ticks * 30_000; nowMs += 30_000) {
    const isRemoved = signing.stage === 'ds-removal' || signing.stage === 'ds-gone';
    const cds =
      signing.stage === 'signing' ? [] : [{ ...(signing.keys.at(-1) as object), digestType: 2 } as machine.Ds];
    const parent = { atMs: nowMs, servers: [{ server: 'a', ds: isRemoved ? [] : cds, ttlSeconds: 60 }] };
    signing = machine.transition(signing, { inForce: true, maxTtlSeconds: 60, parent }, nowMs) ?? signing;
    if (stages.at(-1) !== signing.stage) stages.push(signing.stage);
  }
  return { stages, last: signing };
}

t.test('with a parent that follows, each comes to its end', async (t) => {
  const signed = run(signingOf(keyOf(1)));
  t.same(signed.stages, ['signing', 'ds-needed', 'ds-seen', 'secure']);
  const rolling = machine.beginRoll({ ...signed.last, sinceMs: 0 }, keyOf(2), 0) as ZoneSigning;
  const rolled = run(rolling);
  t.same(rolled.stages, ['key-published', 'ds-needed', 'ds-seen', 'replacing', 'secure']);
  t.same(
    rolled.last.keys.map(({ tag, role }) => [tag, role]),
    [[2, 'active']],
  );
  const ending = machine.beginUnsigning({ ...rolled.last, sinceMs: 0 }, 0) as ZoneSigning;
  t.same(run(ending).stages, ['ds-removal', 'ds-gone', 'unsigned']);
});

t.test('who is waited for: every node that has not said that it answers all by this very entry', async (t) => {
  const signing = signingOf(keyOf(1), { revision: 7 });
  const words: Record<string, SigningWord | undefined> = {
    silent: undefined,
    before: { revision: 6, unfinished: [] },
    busy: { revision: 9, unfinished: ['other', 'example'] },
    overrun: { revision: 9, unfinished: undefined },
    done: { revision: 7, unfinished: ['other'] },
  };
  const others = Object.entries(words).map(([node, word]) => ({ node, isOut: false, word }));
  t.same(waitedFor(signing, others), ['silent', 'before', 'busy', 'overrun']);
  const out = others.map((other) => ({ ...other, isOut: true }));
  t.same(waitedFor(signing, out), [], 'who is out is not');
  const seen = { inForce: true, maxTtlSeconds: 60 };
  for (const other of others) {
    const next = machine.transition(signing, { ...seen, others: [other] }, 1000);
    t.equal(next?.inForceMs, other.node === 'done' ? 1000 : undefined, other.node);
  }
  t.equal(machine.transition(signing, { ...seen, others: out }, 1000)?.inForceMs, 1000);
});

t.test('a DS that never comes is waited for, and nothing else changes', async (t) => {
  const waiting = signingOf(keyOf(1), { stage: 'ds-needed', inForceMs: 0 });
  const parent = { atMs: 10, servers: [{ server: 'a', ds: [], ttlSeconds: 0 }] };
  const seen = { inForce: true, maxTtlSeconds: 60, parent };
  t.equal(machine.transition(waiting, seen, 1e12), undefined);
  t.equal(
    machine.transition(waiting, { ...seen, parent: { atMs: 10, servers: [] } }, 1e12),
    undefined,
    'no server known',
  );
});

t.test('what does not fit the stage is refused', async (t) => {
  const signing = signingOf(keyOf(1));
  t.equal(machine.beginRoll(signing, keyOf(2), 0), undefined);
  t.equal(machine.cancelRoll(signing, 0), undefined);
  t.equal(machine.cancelUnsigning(signing, 0), undefined);
  const ending = machine.beginUnsigning(signing, 0) as ZoneSigning;
  t.equal(machine.beginUnsigning(ending, 0), undefined);
  t.equal(machine.cancelUnsigning(ending, 0)?.stage, 'signing');
});

t.test('the parent is told by CDS and CDNSKEY: nothing, a key, or to take the DS away (RFC 8078 §4)', async (t) => {
  const shown = (signing: ZoneSigning): [number, string[]][] =>
    apexRecords(signing).map(({ type, rdata }) => [type, rdata.map((bytes) => Buffer.from(bytes).toString('hex'))]);
  const key = keyOf(258);
  const dnskey = Buffer.from(key.dnskey, 'base64').toString('hex');
  t.same(shown(signingOf(key)), [[TYPE.DNSKEY, [dnskey]]], 'while caches may hold answers without signatures');
  t.same(shown(signingOf(key, { stage: 'secure' })), [
    [TYPE.DNSKEY, [dnskey]],
    [TYPE.CDS, [`01020d02${key.digest}`]],
    [TYPE.CDNSKEY, [dnskey]],
  ]);
  t.same(shown(signingOf(key, { stage: 'ds-removal' })).slice(1), [
    [TYPE.CDS, ['0000000000']],
    [TYPE.CDNSKEY, ['0000030000']],
  ]);
  const next = { ...keyOf(3), role: 'incoming' as const };
  const cdsOf = (stage: ZoneSigning['stage']) => shown(signingOf(key, { stage, keys: [key, next] }))[1]?.[1];
  t.same(cdsOf('key-published'), [`01020d02${key.digest}`], 'not before caches have the new key');
  t.same(cdsOf('ds-needed'), [`00030d02${next.digest}`]);
  t.equal(shown(signingOf(key, { stage: 'secure', foreign: [keyOf(9)] }))[1]?.[1].length, 2, 'those of others too');
  t.same(shown(signingOf(key, { stage: 'unsigned' })), []);
});

/** Of the key below, by `dnssec-dsfromkey`. */
const DIGESTS: Readonly<Record<number, string>> = {
  1: '4d32a91dd8b1af139c6549d8f220b7466bde780d',
  2: '0b0f7424346f8e0eecab31aa6cf7093b44729773e8ffa43c87ed23d5134ff73e',
  4: '17dcbfb2fd62e7911ea39c80ebed4167f53ae8e95bea6f00545bf7f89a43baf7b296c8fe9b5a3d601126b6208d9d69c7',
};

t.test('a DS is of a key by SHA-256 and by SHA-384; what else a parent has is told for what it is', async (t) => {
  const zone = 'xn--bcher-kva.example';
  const dnskey = Buffer.concat([Buffer.of(1, 1, 3, 13), Buffer.alloc(64, 7)]);
  const ds = (digestType: number, digest = DIGESTS[digestType] ?? ''): machine.Ds => {
    return { tag: keyTag(dnskey), algorithm: 13, digestType, digest };
  };
  const key = { ...keyOf(keyTag(dnskey)), dnskey: dnskey.toString('base64'), digest: DIGESTS[2] as string };
  const signing = { ...signingOf(key, { stage: 'ds-needed' }), zone, inForceMs: 0 };
  const look = (...those: machine.Ds[]) => ({ atMs: 1000, servers: [{ server: 'a', ds: those, ttlSeconds: 5 }] });
  const after = (...those: machine.Ds[]) =>
    machine.transition(signing, { inForce: true, maxTtlSeconds: 5, parent: look(...those) }, 2000)?.stage;
  const zeros = '0'.repeat(96);
  for (const [those, stage, seen] of [
    [[ds(2)], 'ds-seen', 'all'],
    [[ds(4)], 'ds-seen', 'all'],
    [[ds(4, zeros), ds(2)], 'ds-seen', 'all'],
    [[ds(4, zeros)], 'ds-needed', 'wrong'],
    [[{ ...ds(4), algorithm: 15 }], 'ds-needed', 'wrong'],
    // Few go by SHA-1 any more (RFC 8624 §3.3), and nobody here knows 9: neither is wrong, nor enough.
    [[ds(1)], 'ds-needed', 'none'],
    [[ds(9, '00')], 'ds-needed', 'none'],
    [[ds(1, zeros.slice(0, 40))], 'ds-needed', 'wrong'],
  ] as const) {
    const what = JSON.stringify(those);
    t.equal(after(...those), stage, what);
    t.equal(dsSeen(signing, look(...those)), seen, what);
    const told = sentence({ ...signing, stage: 'secure' }, zone, look(...those), {});
    t.match(told, stage === 'ds-needed' ? /does not lead to its key/ : /nothing is waited for/, what);
  }
});
