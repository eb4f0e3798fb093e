/** What a form or dialog shows when somebody changed what it is about: who, what, theirs and yours; and what to do. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Page, Revision, Subject } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { type Row, rowsOf } from '../rules/ground.ts';
import { useResource } from '../state/resource.ts';
import { Message } from './controls.tsx';
import { History } from './history.tsx';

/** More differences than fit a screen explain nothing. */
const ROWS_MAX = 12;
/** Of the changes since, the first so many. */
const CHANGES_MAX = 50;

export function GroundMoved(props: {
  /** What it is, in the words of a sentence: `app.example.com`. */
  what: string;
  /** As it was when the dialog was opened, as it is now, and as the person wants it; undefined: it is not there. */
  opened: unknown;
  now: unknown;
  mine?: unknown;
  /** The ETag of the opened; changes since then are looked for in the log. */
  etag: string | undefined;
  isAbout: (subject: Subject) => boolean;
  /** Keeps the draft, on what is in force now; absent: there is no draft, or what is there cannot take it. */
  onMine?: (() => void) | undefined;
  onTheirs: () => void;
  mineText?: string;
  theirsText?: string;
  /** Of what goes on by itself, where it need not be that somebody changed it. */
  headline?: string;
  /** Why nothing is done, where that is not plain. */
  because?: string | undefined;
}) {
  const { what, opened, now, mine, onMine, onTheirs } = props;
  // Below a long form it would be out of sight, and its person before a button that does nothing.
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => holder.current?.scrollIntoView({ block: 'nearest' }), []);
  const rows = useMemo(() => rowsOf(opened, now, mine), [opened, now, mine]);
  return (
    <Message tone="warn">
      <div class="stack-s" ref={holder}>
        <p>
          <strong role="alert">{props.headline ?? headline(what, opened, now)}</strong>
          {props.because !== undefined && ` ${props.because}`} Nothing is done until you decide.
        </p>
        <Changes etag={props.etag} isAbout={props.isAbout} />
        <Rows rows={rows} hasMine={mine !== undefined} />
        <div class="row">
          {onMine && (
            <button type="button" onClick={onMine}>
              {props.mineText ?? 'Keep mine'}
            </button>
          )}
          <button type="button" onClick={onTheirs}>
            {props.theirsText ?? 'Take what is in force'}
          </button>
        </div>
      </div>
    </Message>
  );
}

function headline(what: string, opened: unknown, now: unknown): string {
  if (now === undefined) return `Somebody deleted ${what} while you had this open.`;
  return opened === undefined ? `${what} is there already.` : `Somebody changed ${what} while you had this open.`;
}

function Rows({ rows, hasMine }: { rows: readonly Row[]; hasMine: boolean }) {
  if (rows.length === 0) return null;
  return (
    <dl class="ground">
      {rows.slice(0, ROWS_MAX).map(({ path, opened, now, mine }) => (
        <div key={path}>
          <dt>{path}</dt>
          <dd>
            <span class="quiet">in force</span> <ins>{now ?? 'none'}</ins>
            {opened !== now && opened !== undefined && <span class="quiet"> (was {opened})</span>}
          </dd>
          {hasMine && (
            <dd>
              <span class="quiet">yours</span> <Mine mine={mine} now={now} />
            </dd>
          )}
        </div>
      ))}
      {rows.length > ROWS_MAX && <p class="quiet">and {rows.length - ROWS_MAX} more</p>}
    </dl>
  );
}

function Mine({ mine, now }: Pick<Row, 'mine' | 'now'>) {
  if (mine === undefined) return <em class="quiet">does not touch it</em>;
  return mine === now ? <em class="quiet">the same</em> : <b>{mine}</b>;
}

/** Who did what since; empty where the log does not say, or the token may not read it. */
function Changes({ etag, isAbout }: { etag: string | undefined; isAbout: (subject: Subject) => boolean }) {
  const revision = /^"(\d+)"$/.exec(etag ?? '')?.[1];
  const log = useResource<Page<Revision>>(revision && `/v1/revisions?after=${segment(revision)}&limit=${CHANGES_MAX}`, {
    on: ({ kind }) => kind === 'revision',
  });
  const own = (log.body?.items ?? []).filter(({ subjects }) => subjects.some(isAbout)).toReversed();
  return own.length === 0 ? null : <History items={own.slice(0, 3)} />;
}
