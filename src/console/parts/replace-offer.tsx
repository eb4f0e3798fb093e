/** What a new service finds at its name, and the offer to take the place of it. */
import type { Proposal } from '../../contract/types.ts';
import { Message } from './controls.tsx';

/** `isTaken`: the records go when the service is saved. */
export function ReplaceOffer(props: { proposal: Proposal; isTaken: boolean; onTake: (isTaken: boolean) => void }) {
  const { proposal, isTaken, onTake } = props;
  const { name, replaces, heldSeconds, body } = proposal;
  const lowered = body.release === undefined ? '' : ` Releases lower the TTL to ${body.release.ttlSeconds} s.`;
  return (
    <Message tone={isTaken ? 'accent' : 'warn'}>
      <p>
        {isTaken ? `When you save, the service takes the place of these records of ${name}:` : `${name} has records:`}
      </p>
      <ul class="mono">
        {replaces.flatMap(({ type, rdata, ttlSeconds }) =>
          rdata.map((text) => (
            <li key={`${type} ${text}`}>
              {type} {text} · TTL {ttlSeconds} s
            </li>
          )),
        )}
      </ul>
      <p>
        {isTaken
          ? `It is one change at one instant: every query is answered, before and after. Caches may hold the records for up to ${heldSeconds} s.${lowered}`
          : 'A service can take their place at one instant, with their targets and TTL, so that nobody is left without an answer.'}
      </p>
      <button type="button" class="compact" onClick={() => onTake(!isTaken)}>
        {isTaken ? 'Keep the records' : 'Replace these records'}
      </button>
    </Message>
  );
}
