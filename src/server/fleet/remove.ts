/** Takes a node out of the fleet that does not come back: when all that it may claim is over, whether it is dead or only cut off. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Lost } from '../../control/log/keeper.ts';
import { Problem } from '../../model/errors.ts';
import { ackKey, askedKey, beatKey, countKey, healthKey, leftOutKey, memberKey } from '../../model/fleet/keys.ts';
import { nextRemoval, readingOf } from '../../model/fleet/removal.ts';
import { type Timings, timingsOf } from '../../model/fleet/timings.ts';
import type { EtcdKeeper } from './keeper.ts';
import type { Prepared } from './prepare.ts';
import { readNodes } from './view.ts';

/** Each of them may be refused where others write the record meanwhile, which they do once or twice. */
const TRIES_MAX = 20;

export function inNoFleet({ name }: Prepared['settings']): Problem {
  const detail = `This node is in no fleet: teal fleet init founds ${name} with it.`;
  return new Problem('request_invalid', detail);
}

/** The same, unless the node runs, or there is none. */
export async function removeStopped(
  { keeper, settings }: Pick<Prepared, 'keeper' | 'settings'>,
  node: string,
  steadyMs: () => number,
): Promise<Problem | undefined> {
  if (node === settings.node)
    return new Problem('node_runs', `${node} is the node that was asked: teal fleet leave takes it out.`);
  const { head, nodes } = await readNodes(keeper);
  if (head === null) return new Problem('fleet_unavailable', 'etcd cannot be reached.');
  const found = nodes.find((each) => each.node === node);
  if (found === undefined)
    return new Problem(
      'node_unknown',
      `The fleet has no node ${node}: it has ${nodes.map((each) => each.node).join(', ')}.`,
    );
  if (found.present) return new Problem('node_runs', `The node ${node} runs: stop it first.`);
  return removeNode(keeper, node, timingsOf(settings.staleAfterSeconds * 1000), steadyMs);
}

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
    if (step.kind === 'done') {
      // What it told is of no use any more; nobody minds if it stays.
      await keeper.transact({ compares: [], puts: deletedKeys(toldKeys(node)), reads: [], otherwise: [] });
      return undefined;
    }
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

const toldKeys = (node: string): string[] =>
  [leftOutKey, countKey, askedKey, healthKey, beatKey].map((keyOf) => keyOf(node));

const deletedKeys = (keys: readonly string[]) => keys.map((key) => ({ key, isDeleted: true as const }));

/** Nobody waits for it any more, or hears of it. */
export async function forgetNode(keeper: EtcdKeeper, node: string): Promise<Problem | undefined> {
  const puts = deletedKeys([memberKey(node), ackKey(node), ...toldKeys(node)]);
  const reply = await keeper.transact({ compares: [], puts, reads: [], otherwise: [] });
  return reply instanceof Lost ? unreachable(reply) : undefined;
}
