/** The way on where the parent of a zone may have a DS that would lead nowhere; it is not shown before it is asked for. */
import type { Failure } from '../api/reply.ts';

export function ForceDs(props: {
  failure: Failure | undefined;
  isForced: boolean;
  onForced: (isForced: boolean) => void;
}) {
  const { failure, isForced, onForced } = props;
  if (!isForced && failure?.code !== 'ds_present') return null;
  return (
    <label class="choice">
      <input type="checkbox" checked={isForced} onChange={() => onForced(!isForced)} />
      <span>Though its parent may have a DS for it: validators find it bogus then</span>
    </label>
  );
}
