/** The activity: every change with who, what and why, the newest first, and what of it is looked for. */
import { useRef, useState } from 'preact/hooks';
import type { Page, Revision } from '../../contract/types.ts';
import { Empty, Field, Loaded, PageHead } from '../parts/controls.tsx';
import { History } from '../parts/history.tsx';
import { SetAgain } from '../parts/set-again.tsx';
import {
  type AskedActivity,
  activityPath,
  activityQuery,
  askedActivity,
  isNarrowed,
  KINDS,
} from '../rules/activity.ts';
import { plainText } from '../rules/plain.ts';
import { note } from '../state/announce.ts';
import { exportActivity } from '../state/export.ts';
import { narrow } from '../state/place.ts';
import { useResource } from '../state/resource.ts';
import { hrefOf } from '../state/router.ts';
import { useSettled } from '../state/search.ts';

const PAGE = 50;
/** Releases of a hundred services step at once. */
const SETTLE_MS = 500;

export function LogPage({ query }: { query: string }) {
  const asked = askedActivity(query);
  const settled = useSettled(query);
  const log = useResource<Page<Revision>>(activityPath(askedActivity(settled), PAGE), {
    on: ({ kind }) => kind === 'revision',
    settleMs: SETTLE_MS,
    isKept: true,
  });
  // While another page of it is asked for the one before stays in sight, and what is typed in.
  const last = useRef<Page<Revision>>(undefined);
  last.current = log.body ?? (log.failure === undefined ? last.current : undefined);
  return (
    <>
      <PageHead
        title="Activity"
        facts={<span>Every change is a revision; none is ever rewritten.</span>}
        tools={<Export asked={asked} />}
      />
      <div class="card">
        <Filters asked={asked} />
        <Loaded of={{ ...log, body: last.current }} lines={6}>
          {({ items, next }) => (
            <>
              {items.length === 0 ? (
                <Empty
                  title={isNarrowed(asked) || asked.after !== '' ? 'No change is like that' : 'Nothing was changed yet'}
                >
                  {next !== undefined && <p>So far: older ones were not looked through yet.</p>}
                </Empty>
              ) : (
                <History items={items} undo={(revision) => <SetAgain revision={revision} />} />
              )}
              <More asked={asked} next={next} />
            </>
          )}
        </Loaded>
      </div>
    </>
  );
}

function More({ asked, next }: { asked: AskedActivity; next: string | undefined }) {
  const href = (after: string): string => hrefOf({ page: 'log', query: activityQuery({ ...asked, after }) });
  return (
    <nav class="row" aria-label="More of the list">
      {isNarrowed(asked) && <a href={hrefOf({ page: 'log' })}>Show all changes</a>}
      {asked.after !== '' && <a href={href('')}>The newest</a>}
      {next !== undefined && (
        <a class="button compact" href={href(next)}>
          Older
        </a>
      )}
    </nav>
  );
}

function Filters({ asked }: { asked: AskedActivity }) {
  const ask = (more: Partial<AskedActivity>): void => narrow('log', activityQuery({ ...asked, after: '', ...more }));
  const text = (label: string, key: 'q' | 'zone' | 'actor', placeholder: string) => (
    <Field label={label}>
      {(ids) => (
        <input
          {...ids}
          type="search"
          spellcheck={false}
          placeholder={placeholder}
          value={asked[key]}
          onInput={(event) => ask({ [key]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  const date = (label: string, key: 'since' | 'until') => (
    <Field label={label}>
      {(ids) => (
        <input
          {...ids}
          type="date"
          value={asked[key].slice(0, 10)}
          onChange={(event) => ask({ [key]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <search class="filters">
      {text('About names with', 'q', 'app')}
      {text('Zone', 'zone', 'all')}
      {text('By', 'actor', 'anybody')}
      <Field label="What">
        {(ids) => (
          <select {...ids} value={asked.kind} onChange={(event) => ask({ kind: event.currentTarget.value })}>
            <option value="">Everything</option>
            {Object.entries(KINDS).map(([kind, words]) => (
              <option key={kind} value={kind}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      {date('From (UTC)', 'since')}
      {date('Before (UTC)', 'until')}
    </search>
  );
}

function Export({ asked }: { asked: AskedActivity }) {
  const [isBusy, setBusy] = useState(false);
  const take = async (format: 'csv' | 'json'): Promise<void> => {
    setBusy(true);
    const failure = await exportActivity(asked, format);
    setBusy(false);
    if (failure !== undefined) note('failed', plainText(failure));
  };
  return (
    <>
      {(['csv', 'json'] as const).map((format) => (
        <button key={format} type="button" disabled={isBusy} onClick={() => void take(format)}>
          Export {format.toUpperCase()}
        </button>
      ))}
    </>
  );
}
