/** What webhooks can be told of the nodes of a fleet. */
export const NODE_TRIGGERS = ['on-node-lost', 'on-node-back'] as const;

type NodeTrigger = (typeof NODE_TRIGGERS)[number];

/** Of what has changed; the worse comes first. */
export function nodeTriggersOf(event: {
  readonly lost: readonly string[];
  readonly back: readonly string[];
}): NodeTrigger[] {
  const lost = event.lost.length > 0 ? (['on-node-lost'] as const) : [];
  return [...lost, ...(event.back.length > 0 ? (['on-node-back'] as const) : [])];
}
