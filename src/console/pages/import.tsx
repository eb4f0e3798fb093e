/** Importing a zone file: its text with line numbers, and what is wrong with it, shown at its place. */
import { useRef, useState } from 'preact/hooks';
import type { Finding, Subject, Zone } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { Message, PageHead, Refusal } from '../parts/controls.tsx';
import { Late, phaseText, WhyFields } from '../parts/dialog-end.tsx';
import { GroundMoved } from '../parts/ground-moved.tsx';
import { ImportChoices } from '../parts/import-choices.tsx';
import { ZoneEditor } from '../parts/zone-editor.tsx';
import { countText } from '../rules/format.ts';
import { type Seen, seenIn } from '../rules/ground.ts';
import { importPath, UNSAID } from '../rules/import.ts';
import { rangeAt } from '../rules/places.ts';
import { useAction } from '../state/action.ts';
import { note, say } from '../state/announce.ts';
import { contentSeen, isSameContent, useMovedContent } from '../state/content.ts';
import { useResource } from '../state/resource.ts';
import { hrefOf } from '../state/router.ts';
import { call } from '../state/session.ts';

interface Import extends Zone {
  readonly rrsets: number;
  readonly warnings: readonly Finding[];
}

export function ImportPage({ name }: { name: string }) {
  const path = `/v1/zones/${segment(name)}`;
  const zone = useResource<Zone>(path, { on: ({ kind }) => kind === 'revision' });
  const [text, setText] = useState('');
  // What was in force when the text came to be: the import replaces that, and nothing that came later.
  const [ground, setGround] = useState<Seen<Zone>>();
  const [findings, setFindings] = useState<readonly Finding[]>([]);
  const [done, setDone] = useState<Import>();
  const [said, setSaid] = useState(UNSAID);
  const action = useAction();
  const area = useRef<HTMLTextAreaElement>(null);
  const isNew = zone.failure?.status === 404;
  const seen = seenIn(zone);
  const now = seen && contentSeen(seen.body);
  const moved = useMovedContent(ground, now, setGround);
  // The import comes back as an event before or after its reply, and what was read before it is no news.
  const isOwn =
    done !== undefined && (moved?.body?.contentRevision ?? Number.POSITIVE_INFINITY) <= done.contentRevision;
  const isHeld = moved !== undefined && !action.isBusy && !isOwn;

  const change = (next: string, of?: Seen<Zone>): void => {
    setText(next);
    // An empty text is no draft: the next one begins with what is in force then.
    if (next === '' || ground === undefined || of !== undefined) setGround(next === '' ? undefined : (of ?? now));
    setFindings([]);
    setDone(undefined);
    setSaid(next === '' ? UNSAID : { ...said, isForced: false });
    action.clear();
  };
  const load = async (): Promise<void> => {
    const reply = await call<string>(`${path}/file`, { accept: 'text' });
    if (reply.ok) change(reply.body, { body: zone.body, etag: reply.etag });
    else note('failed', reply.failure.detail);
  };
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isHeld) return;
    setDone(undefined);
    const etag = ground?.etag;
    const condition = etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag };
    const again = async (): Promise<string | undefined> => {
      const read = await zone.reload();
      const inForce = contentSeen(read?.body);
      return ground !== undefined && (await isSameContent(ground, inForce)) ? inForce.etag : undefined;
    };
    const etagIn = (of: Zone) => contentSeen(of).etag;
    const change = { method: 'PUT', body: text, look: path, etagIn, again, ...condition } as const;
    await action.run<Import>(importPath(path, said), change, (imported) => {
      setFindings(imported.warnings);
      setDone(imported);
      // The next one is asked about anew.
      setSaid(UNSAID);
      setGround(contentSeen(imported));
      note('done', `${name} was imported: ${countText(imported.rrsets, 'RRset')}.`);
    });
    void zone.reload();
  };
  const refused = action.failure?.findings;
  const shown = refused ?? findings;
  const show = ({ line, column }: Finding): void => {
    const { start, end } = rangeAt(text, line, column);
    area.current?.focus();
    area.current?.setSelectionRange(start, end);
    scrollToLine(area.current, line);
    say(`Line ${line}, column ${column}`);
  };

  return (
    <>
      <PageHead
        title={`Import ${name}`}
        back={
          isNew
            ? { href: hrefOf({ page: 'zones' }), text: 'Zones' }
            : { href: hrefOf({ page: 'zone', name }), text: name }
        }
        facts={
          <span>
            {isNew ? 'Makes the zone.' : 'Replaces all records of the zone at one instant, or none; its services stay.'}
          </span>
        }
        tools={
          <>
            {!isNew && (
              <button type="button" onClick={() => void load()}>
                Load what is in force
              </button>
            )}
            <FileChoice onText={(next) => change(next, now)} />
          </>
        }
      />
      <form class="stack" onSubmit={(event) => void send(event)}>
        {refused && (
          <Message tone="danger" isAlert>
            <strong>Nothing was imported.</strong> {countText(refused.filter(isError).length, 'error')} in the file:
            choose one to go to its place.
          </Message>
        )}
        {!refused && <Refusal failure={action.failure} />}
        {done && (
          <Message tone="accent">
            <strong>{countText(done.rrsets, 'RRset')} imported,</strong> with the serial {done.serial}.{' '}
            <a href={hrefOf({ page: 'zone', name })}>Look at the records</a>
          </Message>
        )}
        {isHeld && (
          <GroundMoved
            what={name}
            opened={shownOf(ground?.body)}
            now={shownOf(moved.body)}
            etag={ground?.etag}
            isAbout={isIn(name)}
            onMine={() => {
              setGround(moved);
              action.clear();
            }}
            mineText="Keep my text"
            onTheirs={() => void load()}
            theirsText="Load theirs instead"
          />
        )}
        <Late action={action} />
        <Findings items={shown} onShow={show} />
        <ZoneEditor area={area} text={text} findings={shown} onText={change} />
        <ImportChoices said={said} failure={action.failure} onSaid={setSaid} />
        <WhyFields action={action} />
        <div class="row">
          <button type="submit" class="primary" disabled={action.isBusy || isHeld || text.trim() === ''}>
            {phaseText(action.phase) ?? 'Import'}
          </button>
        </div>
      </form>
    </>
  );
}

/** What a zone says of itself; its number moves with every record. */
function shownOf(zone: Zone | undefined): object | undefined {
  if (zone === undefined) return undefined;
  const { serial: _serial, revision: _revision, contentRevision: _content, ...shown } = zone;
  return shown;
}

/** What in the log is about the zone: itself, its records, its services. */
function isIn(zone: string): (subject: Subject) => boolean {
  return ({ kind, name }) => {
    const [owner = ''] = kind === 'rrset' ? name.split('/') : [name];
    return (
      (kind === 'zone' || kind === 'rrset' || kind === 'service') && (owner === zone || owner.endsWith(`.${zone}`))
    );
  };
}

function isError({ severity }: Finding): boolean {
  return severity === 'error';
}

function FileChoice({ onText }: { onText: (text: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          if (file !== undefined) void file.text().then(onText);
          event.currentTarget.value = '';
        }}
      />
      <button type="button" onClick={() => input.current?.click()}>
        Choose a file…
      </button>
    </>
  );
}

function Findings({ items, onShow }: { items: readonly Finding[]; onShow: (finding: Finding) => void }) {
  if (items.length === 0) return null;
  return (
    <ul class="card findings" aria-label="What was found in the file">
      {items.map((finding, i) => (
        <li key={i}>
          <button type="button" class="plain" onClick={() => onShow(finding)}>
            <span>
              <span class="badge" data-tone={isError(finding) ? 'danger' : 'warn'}>
                {finding.severity}
              </span>
            </span>
            <span class="quiet">
              {finding.line === 0 ? 'whole zone' : `line ${finding.line}, column ${finding.column}`}
            </span>
            <span>{finding.message}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function scrollToLine(area: HTMLTextAreaElement | null, line: number): void {
  if (area === null) return;
  const height = Number.parseFloat(getComputedStyle(area).lineHeight);
  area.scrollTop = Math.max(0, (line - 4) * height);
}
