/** What a shift will do, to whom, and until when: said before it is confirmed. */
import type { Weights } from '../../contract/types.ts';
import { percent, sharesOf } from './shares.ts';

/** For resolvers that round differently and for the way there; the server's drain report has the same margin. */
const MARGIN_SECONDS = 2;

interface Effect {
  /** One line a pool. */
  readonly pools: readonly { readonly pool: string; readonly from: number; readonly to: number }[];
  /** The share of answers that change their pool. */
  readonly moved: number;
  /** Sentences in the order in which they matter. */
  readonly sentences: readonly string[];
  /** Pools that get no more answers. */
  readonly emptied: readonly string[];
  /** Seconds until resolvers have let go of answers from before. */
  readonly settleSeconds: number;
}

export function effectOf(
  before: Weights,
  after: Weights,
  more: { readonly ttlSeconds: number; readonly resolvers?: number | undefined },
): Effect {
  const from = sharesOf(before);
  const to = sharesOf(after);
  const pools = Object.keys(after).map((pool) => ({ pool, from: from[pool] ?? 0, to: to[pool] ?? 0 }));
  const moved = pools.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0);
  const emptied = pools.filter(({ from, to }) => from > 0 && to === 0).map(({ pool }) => pool);
  const begun = pools.filter(({ from, to }) => from === 0 && to > 0).map(({ pool }) => pool);
  const settleSeconds = more.ttlSeconds + MARGIN_SECONDS;
  const sentences = [
    movedSentence(pools, moved),
    ...begun.map((pool) => `${pool} gets its first traffic: be sure that it is ready.`),
    `Resolvers that hold an answer keep it up to ${more.ttlSeconds} s (the TTL), so clients follow within about ${settleSeconds} s; few keep it longer.`,
    ...emptied.map(
      (pool) =>
        `${pool} gets no new clients from then on. It is drained about ${settleSeconds} s after its last answer; keep it running until the drain report says so.`,
    ),
    ...(more.resolvers ? [resolversSentence(more.resolvers)] : []),
  ];
  return { pools, moved, sentences, emptied, settleSeconds };
}

function movedSentence(
  pools: readonly { readonly pool: string; readonly from: number; readonly to: number }[],
  moved: number,
): string {
  if (moved === 0) return 'The shares stay as they are.';
  const losing = pools.filter(({ from, to }) => to < from).map(({ pool }) => pool);
  const gaining = pools.filter(({ from, to }) => to > from).map(({ pool }) => pool);
  return `From the instant of your confirmation, ${percent(moved)} of all new answers move from ${losing.join(' and ')} to ${gaining.join(' and ')}.`;
}

function resolversSentence(count: number): string {
  const resolvers = count === 1 ? 'one resolver has' : `${count.toLocaleString('en')} resolvers have`;
  return `At least ${resolvers} asked for this name since the server started.`;
}
