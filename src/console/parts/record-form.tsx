/** Setting the records of one name and type. */
import { useState } from 'preact/hooks';
import type { RRset } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { type Fields, isInForce, rebased, type Seen } from '../rules/ground.ts';
import { typedNumber } from '../rules/numbers.ts';
import { doneText } from '../rules/plain.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { useGround } from '../state/ground.ts';
import { useResource } from '../state/resource.ts';
import { Dialog, Field } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { GroundMoved } from './ground-moved.tsx';

const TYPES = ['A', 'AAAA', 'CAA', 'CNAME', 'HTTPS', 'MX', 'NS', 'PTR', 'SRV', 'SSHFP', 'TLSA', 'TXT'];

const examples: Readonly<Record<string, string>> = {
  A: '192.0.2.80',
  AAAA: '2001:db8::80',
  CAA: '0 issue "ca.example.net"',
  CNAME: 'other.example.com.',
  MX: '10 mail.example.com.',
  NS: 'ns1.example.com.',
  SRV: '10 5 443 host.example.com.',
  TXT: '"v=spf1 -all"',
};

/** `rrset`: the one to change; without it a new one is made, `from` what was there once. */
export function RecordForm(props: {
  zone: string;
  rrset?: RRset;
  from?: RRset;
  onClose: () => void;
  onDone: () => void;
}) {
  const { zone, rrset, from, onClose } = props;
  const [name, setName] = useState(from === undefined ? '' : shortName(from.name, zone));
  const [type, setType] = useState((rrset ?? from)?.type ?? 'A');
  const [fields, setFields] = useState(() => fieldsOf(rrset ?? from));
  const action = useAction();
  const full = rrset?.name ?? fullName(name.trim(), zone);
  const path = `/v1/zones/${segment(zone)}/rrsets/${segment(full)}/${segment(type.trim())}`;
  // The name of a new one may be taken: then that is what the form is about.
  const [taken, setTaken] = useState<string>();
  const of = useResource<RRset>(rrset === undefined ? taken : path, { on: ({ kind }) => kind === 'revision' });
  const ground = useGround<RRset>(of, rrset === undefined ? NOTHING : { body: rrset, etag: `"${rrset.revision}"` });
  const isHeld = ground.moved !== undefined && (rrset !== undefined || taken === path) && !action.isBusy;
  const body = { ttlSeconds: typedNumber(fields.ttlSeconds), rdata: linesOf(fields.rdata) };

  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isHeld) return;
    const condition = ground.etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: ground.etag };
    const isMine = (now: RRset): boolean => isInForce(shown(now), body);
    let set: RRset | undefined;
    const isDone = await action.run<RRset>(path, { method: 'PUT', body, ...condition, isMine }, (reply) => {
      set = reply;
    });
    props.onDone();
    if (!isDone) {
      setTaken(path);
      return void of.reload();
    }
    note('done', doneText(`${full} ${type} was set.`, set));
    onClose();
  };
  const decide = (keepsMine: boolean): void => {
    const now = ground.moved?.body;
    if (now === undefined && !keepsMine) return onClose();
    // A deleted record can be set again: as a new one.
    if (now !== undefined)
      setFields(
        keepsMine ? { ...fieldsOf(now), ...rebased(fieldsOf(ground.body), fieldsOf(now), fields) } : fieldsOf(now),
      );
    ground.take();
    action.clear();
  };

  return (
    <Dialog title={rrset === undefined ? 'Add a record' : `${rrset.name} ${rrset.type}`} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        {rrset === undefined && (
          <div class="fields">
            <Field label="Name" hint={full}>
              {(ids) => (
                <input {...ids} placeholder="@" value={name} onInput={(event) => setName(event.currentTarget.value)} />
              )}
            </Field>
            <Field label="Type">
              {(ids) => (
                <>
                  <input
                    {...ids}
                    list={`${ids.id}-types`}
                    required
                    value={type}
                    onInput={(event) => setType(event.currentTarget.value.toUpperCase())}
                  />
                  <datalist id={`${ids.id}-types`}>
                    {TYPES.map((one) => (
                      <option key={one} value={one} />
                    ))}
                  </datalist>
                </>
              )}
            </Field>
          </div>
        )}
        <Field label="TTL, seconds">
          {(ids) => (
            <input
              {...ids}
              inputMode="numeric"
              value={fields.ttlSeconds}
              onInput={(event) => setFields({ ...fields, ttlSeconds: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label="Data, one record a line" hint={examples[type] && `For example ${examples[type]}`}>
          {(ids) => (
            <textarea
              {...ids}
              rows={5}
              required
              spellcheck={false}
              value={fields.rdata}
              onInput={(event) => setFields({ ...fields, rdata: event.currentTarget.value })}
            />
          )}
        </Field>
        {isHeld && (
          <GroundMoved
            what={`${full} ${type}`}
            opened={shown(ground.body)}
            now={shown(ground.moved?.body)}
            mine={body}
            etag={ground.etag}
            isAbout={({ kind, name }) => kind === 'rrset' && name === `${full}/${type}`}
            onMine={() => decide(true)}
            mineText={mineText(ground.body, ground.moved?.body)}
            onTheirs={() => decide(false)}
            {...(ground.moved?.body === undefined && { theirsText: 'Leave it deleted' })}
          />
        )}
        <DialogEnd action={action} onCancel={onClose} isHeld={isHeld}>
          Save
        </DialogEnd>
      </form>
    </Dialog>
  );
}

const NOTHING: Seen<RRset> = { body: undefined, etag: undefined };
/** Of a new record. */
const TTL_SECONDS = 300;

function fieldsOf(rrset: RRset | undefined): Fields & { ttlSeconds: string; rdata: string } {
  return { ttlSeconds: String(rrset?.ttlSeconds ?? TTL_SECONDS), rdata: rrset?.rdata.join('\n') ?? '' };
}

function linesOf(rdata: string): string[] {
  return rdata.split('\n').filter((line) => line.trim() !== '');
}

function shown(rrset: RRset | undefined): object | undefined {
  return rrset && { ttlSeconds: rrset.ttlSeconds, rdata: rrset.rdata };
}

function mineText(opened: RRset | undefined, now: RRset | undefined): string {
  if (now === undefined) return 'Set mine all the same';
  return opened === undefined ? 'Replace it with mine' : 'Keep mine';
}

/** `@` for the zone itself, as zone files have it. */
export function shortName(name: string, zone: string): string {
  if (name === zone) return '@';
  return name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : name;
}

/** What is typed is relative to the zone, unless it ends with the zone or with a dot, as in zone files. */
function fullName(typed: string, zone: string): string {
  if (typed === '' || typed === '@') return zone;
  if (/.\.$/.test(typed)) return typed.slice(0, -1);
  // The root's name is a dot, and ends every name.
  return zone === '.' || typed === zone || typed.endsWith(`.${zone}`) ? typed : `${typed}.${zone}`;
}
