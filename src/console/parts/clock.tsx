/** A time on the screen: in UTC, with that of the browser's place for whoever points at it. */
import { localText, timeText } from '../rules/format.ts';

export function Clock({ at }: { at: string | number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={`here: ${localText(at)}`}>
      {timeText(at, Date.now())}
    </time>
  );
}
