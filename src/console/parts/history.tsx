/** Revisions with what each changed, and the way back to them. */
import type { ComponentChildren } from 'preact';
import type { Revision, Subject } from '../../contract/types.ts';
import { DIFFERENCES_MAX, differencesOf, isWeights } from '../rules/differences.ts';
import { agoText, bothText } from '../rules/format.ts';
import { useNow } from './now.ts';
import { Why } from './why.tsx';

export function History(props: { items: readonly Revision[]; undo?: (revision: Revision) => ComponentChildren }) {
  const now = useNow();
  return (
    <ol class="history">
      {props.items.map((revision) => (
        <li key={revision.revision}>
          <div class="stack-s">
            <p>{revision.summary}</p>
            <p class="quiet small">
              <span class="mono">#{revision.revision}</span> · {revision.actor} ·{' '}
              <time dateTime={revision.at} title={bothText(revision.at)}>
                {agoText(revision.at, now)}
              </time>
            </p>
            <Why {...revision} />
            <Differences subjects={revision.subjects} />
          </div>
          {props.undo?.(revision)}
        </li>
      ))}
    </ol>
  );
}

function Differences({ subjects }: { subjects: readonly Subject[] }) {
  if (subjects.some(({ forgotten }) => forgotten !== undefined)) {
    return <p class="quiet small">What it was and became is no longer kept (history.contentRevisions).</p>;
  }
  const all = subjects
    .filter(({ kind }) => kind !== 'release')
    // The summary of a shift says its weights already.
    .filter(({ before, after }) => !(isWeights(before) && isWeights(after)))
    .flatMap(({ name, before, after }) => differencesOf(before, after, subjects.length > 1 ? name : ''));
  if (all.length === 0) return null;
  // Deleted things can be seen nowhere else.
  const isGone = subjects.every(({ after }) => after === null);
  const isNew = subjects.every(({ before }) => before === null);
  return (
    <details open={isGone}>
      <summary class="small">{summaryOf(all.length, isGone, isNew)}</summary>
      <div class="diff">
        {all.slice(0, DIFFERENCES_MAX).map(({ path, before, after }) => (
          <span key={path}>
            {path} {isGone || isNew ? <b>{before ?? after}</b> : <Change before={before} after={after} />}
          </span>
        ))}
        {all.length > DIFFERENCES_MAX && <span>and {all.length - DIFFERENCES_MAX} more</span>}
      </div>
    </details>
  );
}

function Change({ before, after }: { before: string | undefined; after: string | undefined }) {
  return (
    <>
      {before === undefined ? <em class="quiet">none</em> : <del>{before}</del>}
      <span class="arrow" aria-hidden="true">
        →
      </span>
      <span class="hidden-text"> becomes </span>
      {after === undefined ? <em class="quiet">none</em> : <ins>{after}</ins>}
    </>
  );
}

function summaryOf(count: number, isGone: boolean, isNew: boolean): string {
  if (isGone) return 'What it was';
  if (isNew) return 'What it was made as';
  return count === 1 ? '1 difference' : `${count} differences`;
}
