/** In the frame of every page of a fleet's node: which one it is, who does not keep up, and that what is shown may be old. */
import { fleetWords } from '../rules/fleet.ts';
import { fleet, standing } from '../state/fleet.ts';
import { hrefOf } from '../state/router.ts';

export function FleetSign() {
  const seen = fleet.value;
  if (seen === undefined) return null;
  const said = fleetWords(seen);
  return (
    <a class="node" href={hrefOf({ page: 'fleet' })} data-tone={said?.tone ?? 'ok'} title={`Fleet ${seen.name}`}>
      <span class="hidden-text">This node is </span>
      <strong>{seen.node}</strong>
      <span>{said?.words ?? `1 of ${seen.nodes.length}`}</span>
    </a>
  );
}

/** Says that this node cannot prove that what it shows and answers is the last word. */
export function StaleBanner() {
  const seen = standing.value;
  if (seen === undefined || seen.current) return null;
  const message = fleet.value?.message;
  const name = fleet.value?.node;
  return (
    <div class="banner">
      <p>
        <span role="alert">
          <strong>{name === undefined ? 'This node' : `The node ${name}`} is stale.</strong> It answers, and what you
          see may be old. Changes are refused here; another node may take them.
        </span>{' '}
        {message && <span class="quiet">{`${message.charAt(0).toUpperCase()}${message.slice(1)}.`}</span>}
      </p>
      {fleet.value && (
        <a class="button compact" href={hrefOf({ page: 'fleet' })}>
          To the fleet
        </a>
      )}
    </div>
  );
}
