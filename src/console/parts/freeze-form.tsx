/** Making a freeze, or changing it: its windows, by whose clock, for what; and when it would be on. */
import { useState } from 'preact/hooks';
import type { Freeze } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import {
  DAYS,
  type FreezeFields,
  freezeBodyOf,
  freezeFields,
  isWhole,
  settingsShown,
  WEEKEND,
  type WindowFields,
} from '../rules/freezes.ts';
import { isInForce } from '../rules/ground.ts';
import { isTimeZone, ownTimeZone, zoneFault } from '../rules/wall.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { useGround } from '../state/ground.ts';
import { useResource } from '../state/resource.ts';
import { Dialog, Field, Fold } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { Choice, Line, Lines } from './fields.tsx';
import { GroundMoved } from './ground-moved.tsx';
import { ComingOf } from './outlook.tsx';
import { TimeZoneField } from './time-zone-field.tsx';

/** `freeze`: the one to change; without it a new one is made. */
export function FreezeForm(props: { freeze?: Freeze; onClose: () => void; onDone: () => void }) {
  const { freeze, onClose, onDone } = props;
  const isNew = freeze === undefined;
  const [name, setName] = useState(freeze?.name ?? '');
  const [fields, setFields] = useState(() => freezeFields(freeze, ownTimeZone()));
  const action = useAction();
  const of = useResource<Freeze>(freeze && `/v1/freezes/${segment(freeze.name)}`, {
    on: ({ kind }) => kind === 'revision',
  });
  const ground = useGround<Freeze>(of, freeze && { body: freeze, etag: `"${freeze.revision}"` });
  const isHeld = !isNew && ground.moved !== undefined && !action.isBusy;
  const body = freezeBodyOf(fields, ground.body);
  const isKnownZone = isTimeZone(fields.timeZone.trim());
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isHeld) return;
    const condition = isNew ? ({ ifNoneMatch: '*' } as const) : { ifMatch: ground.etag };
    const isMine = (now: Freeze): boolean => isInForce(settingsShown(now), body);
    const path = `/v1/freezes/${segment(name.trim())}`;
    const isDone = await action.run<Freeze>(path, { method: 'PUT', body, ...condition, isMine });
    onDone();
    if (!isDone) return void of.reload();
    note('done', isNew ? `The freeze ${name.trim()} was made.` : `The freeze ${name} was changed.`);
    onClose();
  };
  const look = (): void => {
    const now = ground.moved?.body;
    if (now === undefined) return onClose();
    setFields(freezeFields(now, now.timeZone));
    ground.take();
    action.clear();
  };
  return (
    <Dialog title={isNew ? 'New freeze' : `Edit ${freeze.name}`} isWide onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        {isHeld && (
          <GroundMoved
            what={`the freeze ${freeze.name}`}
            opened={settingsShown(ground.body)}
            now={settingsShown(ground.moved?.body)}
            mine={body}
            etag={ground.etag}
            isAbout={({ kind, name: about }) => kind === 'freeze' && about === freeze.name}
            onMine={ground.moved?.body && (() => ground.take())}
            mineText="Keep mine"
            onTheirs={look}
            {...(ground.moved?.body === undefined && { theirsText: 'Close' })}
          />
        )}
        {isNew && <Line label="Name" placeholder="weekend" isRequired value={name} onText={setName} />}
        <TimeZoneField
          hint="Whose wall clock the windows go by"
          fault={zoneFault(fields.timeZone.trim())}
          value={fields.timeZone}
          onText={(timeZone) => setFields({ ...fields, timeZone })}
        />
        <Windows windows={fields.windows} onChange={(windows) => setFields({ ...fields, windows })} />
        <section class="stack-s" aria-label="When it is on next">
          <h3>When it is on next</h3>
          <ComingOf
            body={isKnownZone && isWhole(fields) ? { timeZone: body.timeZone, windows: body.windows } : undefined}
          />
        </section>
        <More fields={fields} onFields={setFields} />
        <DialogEnd action={action} onCancel={onClose} isHeld={isHeld || !isKnownZone || fields.windows.length === 0}>
          {isNew ? 'Make the freeze' : 'Save'}
        </DialogEnd>
      </form>
    </Dialog>
  );
}

function Windows(props: { windows: readonly WindowFields[]; onChange: (windows: readonly WindowFields[]) => void }) {
  const { windows, onChange } = props;
  const replace = (i: number, window: WindowFields): void =>
    onChange(windows.map((old, at) => (at === i ? window : old)));
  return (
    <fieldset class="stack-s">
      <legend>Windows</legend>
      {windows.map((window, i) => (
        // They have no names.
        <fieldset key={i} class="window-fields">
          <legend class="hidden-text">Window {i + 1}</legend>
          <OneWindow number={i + 1} window={window} onChange={(next) => replace(i, next)} />
          {windows.length > 1 && (
            <button type="button" class="plain compact" onClick={() => onChange(windows.filter((_, at) => at !== i))}>
              Remove window {i + 1}
            </button>
          )}
        </fieldset>
      ))}
      <div class="row">
        <button type="button" class="compact" onClick={() => onChange([...windows, WEEKEND])}>
          Add a window
        </button>
      </div>
    </fieldset>
  );
}

const days = Object.fromEntries(DAYS.map((day) => [day, day]));

function OneWindow(props: { number: number; window: WindowFields; onChange: (window: WindowFields) => void }) {
  const { number, window, onChange } = props;
  const of = (key: keyof WindowFields) => ({
    value: window[key],
    onText: (text: string) => onChange({ ...window, [key]: text }),
  });
  return (
    <div class="fields">
      <Choice
        label={`Window ${number}`}
        values={{ weekly: 'each week', once: 'once' }}
        value={window.kind}
        onText={(kind) => onChange({ ...window, kind: kind as WindowFields['kind'] })}
      />
      {window.kind === 'weekly' ? (
        <>
          <Choice label="From" values={days} {...of('fromDay')} />
          <Moment label="at" type="time" {...of('fromTime')} />
          <Choice label="To" values={days} {...of('toDay')} />
          <Moment label="at" type="time" {...of('toTime')} />
        </>
      ) : (
        <>
          <Moment label="From" type="datetime-local" {...of('from')} />
          <Moment label="To" type="datetime-local" {...of('to')} />
        </>
      )}
    </div>
  );
}

function Moment(props: {
  label: string;
  type: 'time' | 'datetime-local';
  value: string;
  onText: (text: string) => void;
}) {
  return (
    <Field label={props.label}>
      {(ids) => (
        <input
          {...ids}
          type={props.type}
          required
          value={props.value}
          onInput={(event) => props.onText(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

function More({ fields, onFields }: { fields: FreezeFields; onFields: (fields: FreezeFields) => void }) {
  const of = (key: 'services' | 'zones' | 'labels' | 'ownLabels' | 'message') => ({
    value: fields[key],
    onText: (text: string) => onFields({ ...fields, [key]: text }),
  });
  return (
    <>
      <Line
        label="Why"
        hint="In one line: whoever is refused reads it"
        placeholder="No releases at weekends"
        {...of('message')}
      />
      <Fold
        isOpen={[fields.services, fields.zones, fields.labels].some((each) => each !== '')}
        summary="For some services only"
      >
        <div class="stack-s">
          <div class="fields">
            <Line label="Services" hint="Names with spaces, *.example.com for many" {...of('services')} />
            <Line label="Zones" hint="Names with spaces; what either fits is frozen" {...of('zones')} />
          </div>
          <Lines
            label="Labels"
            hint="key=value on each line: only those of them with all"
            placeholder="team=web"
            {...of('labels')}
          />
        </div>
      </Fold>
      <Fold isOpen={fields.ownLabels !== ''} summary="Labels of its own">
        <Lines
          label="Own labels"
          hint="key=value on each line: teal apply finds it by them; they say nothing of services"
          placeholder="managed-by=apply"
          {...of('ownLabels')}
        />
      </Fold>
    </>
  );
}
