/** Who holds up the drains of a fleet: since when, why, and the command that ends it. */
import type { Holding } from '../../contract/types.ts';
import { agoText } from '../rules/format.ts';
import { Clock } from './clock.tsx';
import { Message } from './controls.tsx';
import { useNow } from './now.ts';

export function Holdings({ of }: { of: readonly Holding[] }) {
  const now = useNow(of.length > 0);
  return (
    <>
      {of.map(({ node, since, message, command }) => (
        <Message key={node} tone="warn">
          <p>
            <strong>No pool is drained because of {node}</strong>
            {since !== null && (
              <>
                , since <Clock at={since} /> ({agoText(since, now)})
              </>
            )}
            .
          </p>
          <p>{withoutCommand(message, command)}</p>
          {command !== null && <code class="command">{command}</code>}
        </Message>
      ))}
    </>
  );
}

/** The command stands by itself below. */
function withoutCommand(message: string, command: string | null): string {
  if (command === null || !message.endsWith(command)) return message;
  return `${message.slice(0, -command.length).trimEnd()}`;
}
