/** What all nodes of a fleet have the same of, and nobody else: in etcd, made by whoever looks for it first. */
import { randomInt, randomUUID } from 'node:crypto';
import { type Keeper, Lost } from '../../control/log/keeper.ts';
import { afterMs } from '../../guard.ts';
import type { Logger } from '../../log.ts';
import { SECRETS_KEY } from '../../model/fleet/keys.ts';
import { encodeRecord, isText, parseRecord, Unreadable } from '../../model/fleet/records.ts';
import { reading } from '../../model/fleet/transaction.ts';
import type { Table } from '../../table/table.ts';

const WHAT = 'the key that resolvers are told apart by';
const LOOK_AGAIN_MS = 5000;

/** Nodes that tell resolvers apart by the same key count one that asked several of them once. */
interface Sampling {
  /** Names the key, so that nodes see whether they have the same. */
  readonly id: string;
  /** 32 bits, not 0. */
  readonly key: number;
}

/** Has this node tell resolvers apart as all nodes do, as soon as etcd says how. */
export async function sampleAsAll(
  keeper: Keeper,
  { table, log }: { readonly table: Pick<Table, 'observed'>; readonly log: Pick<Logger, 'debug'> },
  isWanted: () => boolean,
): Promise<void> {
  const sampling = await readSampling(keeper);
  if (!isWanted()) return;
  if (typeof sampling !== 'string') return table.observed.sampleBy(sampling);
  log.debug({ why: sampling }, 'resolvers are told apart by a key of this node alone so far');
  afterMs(WHAT, LOOK_AGAIN_MS, () => sampleAsAll(keeper, { table, log }, isWanted));
}

/** A text: why it cannot be had now. */
export async function readSampling(keeper: Keeper): Promise<Sampling | string> {
  const found = await look(keeper);
  if (found !== undefined) return found;
  const value = encodeRecord({ sampling: { id: randomUUID(), key: randomInt(1, 2 ** 31) } });
  const compares = [{ key: SECRETS_KEY, changedAt: 0 }];
  const reply = await keeper.transact({ compares, puts: [{ key: SECRETS_KEY, value }], reads: [], otherwise: [] });
  if (reply instanceof Lost) return reply.words;
  // Another node may have been first: what is there counts, whoever made it.
  return (await look(keeper)) ?? 'what was put there is gone';
}

async function look(keeper: Keeper): Promise<Sampling | string | undefined> {
  const reply = await keeper.transact(reading([{ key: SECRETS_KEY }]));
  if (reply instanceof Lost) return reply.words;
  const value = reply.found[0]?.value;
  if (value === undefined) return undefined;
  const record = parseRecord(value);
  if (record instanceof Unreadable) return `the record of what all nodes share ${record.words}`;
  const { id, key } = (record.sampling ?? {}) as { readonly id?: unknown; readonly key?: unknown };
  const isKey = typeof key === 'number' && Number.isInteger(key) && key > 0 && key < 2 ** 31;
  return isText(id) && isKey ? { id, key } : 'the record of what all nodes share has no key to sample by';
}
