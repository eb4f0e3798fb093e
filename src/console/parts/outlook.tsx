/** When a freeze is on next, as the server works it out: drawn on a line of time, and in words. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FreezeOutlook } from '../../contract/types.ts';
import type { Reply } from '../api/reply.ts';
import { durationText, momentText } from '../rules/format.ts';
import { barsOf } from '../rules/freezes.ts';
import { plainText } from '../rules/plain.ts';
import { call } from '../state/session.ts';
import { Loading, Message } from './controls.tsx';
import { useNow } from './now.ts';

/** Who types is not asked about at each key. */
const SETTLE_MS = 400;

/** `body`: of a freeze, as it would be sent; undefined: it is not whole yet. */
export function ComingOf({ body }: { body: object | undefined }) {
  const [reply, setReply] = useState<Reply<FreezeOutlook>>();
  const text = body && JSON.stringify({ ...body, dryRun: true });
  const asked = useRef(text);
  asked.current = text;
  useEffect(() => {
    if (text === undefined) return;
    const timer = setTimeout(async () => {
      const got = await call<FreezeOutlook>('/v1/freezes', { method: 'POST', body: JSON.parse(text) });
      if (asked.current === text) setReply(got);
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  if (text === undefined) return <p class="quiet small">When it is on is said once its windows are whole.</p>;
  if (reply === undefined) return <Loading lines={2} />;
  if (!reply.ok) return <Message tone="danger">{plainText(reply.failure)}</Message>;
  return <Coming outlook={reply.body} />;
}

function Coming({ outlook: { coming, clocks } }: { outlook: FreezeOutlook }) {
  const nowMs = useNow();
  if (coming.length === 0) return <p class="quiet small">All of it is over: it is never on again.</p>;
  const bars = barsOf(coming, nowMs);
  const last = coming.map(({ to }) => to).reduce((a, b) => (a > b ? a : b));
  return (
    <div class="stack-s">
      <div class="span-line" aria-hidden="true">
        {bars.map(({ left, width }, i) => (
          <span key={i} style={{ left: `${left}%`, width: `${width}%` }} />
        ))}
      </div>
      <p class="between quiet small" aria-hidden="true">
        <span>now</span>
        <span>{momentText(last).slice(0, 10)}</span>
      </p>
      <ol class="stack-s" aria-label="The next windows">
        {coming.map(({ from, to, wall, message }) => (
          <li key={`${from} ${to} ${wall}`} title={`${momentText(from)} – ${momentText(to)}`}>
            {wall}{' '}
            <span class="quiet small">
              {Date.parse(from) <= nowMs
                ? `on, for ${durationText((Date.parse(to) - nowMs) / 1000)} more`
                : `in ${durationText((Date.parse(from) - nowMs) / 1000)}`}
            </span>
            {message !== undefined && (
              <>
                {' '}
                <strong class="small">{message}</strong>
              </>
            )}
          </li>
        ))}
      </ol>
      {clocks !== undefined && <p class="small">{clocks}</p>}
    </div>
  );
}
