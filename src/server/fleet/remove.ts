/** Takes a node out of the fleet that does not come back: when all that it may claim is over, whether it is dead or only cut off. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Lost } from '../../control/log/keeper.ts';
import { Problem } from '../../model/errors.ts';
import { ackKey, memberKey } from '../../model/fleet/keys.ts';
import { nextRemoval, readingOf } from '../../model/fleet/removal.ts';
import type { Timings } from '../../model/fleet/timings.ts';
import type { EtcdKeeper } from './keeper.ts';

/** Each of them may be refused where others write the record meanwhile, which they do once or twice. */
const TRIES_MAX = 20;

export async function removeNode(
  keeper: Pick<EtcdKeeper, 'transact'>,
  node: string,
  timings: Timings,
  steadyMs: () => number,
): Promise<Problem | undefined> {
  let fencedAtMs: number | undefined;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const found = await keeper.transact(readingOf(node));
    if (found instanceof Lost) return unreachable(found);
    const step = nextRemoval(node, found, fencedAtMs, timings, steadyMs());
    if (step.kind === 'done') return undefined;
    if (step.kind === 'wait') {
      await sleep(Math.max(0, step.untilMs - steadyMs()));
      continue;
    }
    const reply = await keeper.transact(step.transaction);
    if (reply instanceof Lost) return unreachable(reply);
    if (reply.succeeded) fencedAtMs ??= steadyMs();
  }
  return new Problem('busy', `The record of ${node} changes all the time: does it run? Stop it first.`);
}

function unreachable({ words }: Lost): Problem {
  return new Problem('fleet_unavailable', `etcd cannot be reached: ${words}.`);
}

/** Nobody waits for it any more, or hears of it. */
export async function forgetNode(keeper: EtcdKeeper, node: string): Promise<Problem | undefined> {
  const puts = [memberKey(node), ackKey(node)].map((key) => ({ key, isDeleted: true as const }));
  const reply = await keeper.transact({ compares: [], puts, reads: [], otherwise: [] });
  return reply instanceof Lost ? unreachable(reply) : undefined;
}
