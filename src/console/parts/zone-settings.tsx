/** What a zone itself says, changed; and a zone deleted, with what goes with it. */
import { useState } from 'preact/hooks';
import type { Page, Service, Zone } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { type Fields, isInForce, rebased } from '../rules/ground.ts';
import { labelsOf, labelsText, wordsOf } from '../rules/lists.ts';
import { typedNumber } from '../rules/numbers.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { useGround } from '../state/ground.ts';
import { type Resource, useResource } from '../state/resource.ts';
import { hrefOf } from '../state/router.ts';
import { Dialog, Message } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { Line, Lines } from './fields.tsx';
import { ForceDs } from './force-ds.tsx';
import { GroundMoved } from './ground-moved.tsx';

const TIMES = [
  ['ttlSeconds', 'TTL of the SOA, seconds', undefined],
  ['nameserversTtlSeconds', 'TTL of the NS, seconds', undefined],
  ['negativeTtlSeconds', 'Negative TTL, seconds', 'How long resolvers keep that a name is not there'],
  ['refreshSeconds', 'Refresh, seconds', 'How often secondaries look'],
  ['retrySeconds', 'Retry, seconds', 'How soon they look again'],
  ['expireSeconds', 'Expire, seconds', 'How long they answer alone'],
] as const;

/** Fields are texts. */
const ON = 'on';

export function ZoneSettings({ of, onClose }: { of: Resource<Zone>; onClose: () => void }) {
  const action = useAction();
  const ground = useGround<Zone>(of);
  const zone = ground.body as Zone;
  const [fields, setFields] = useState<Fields>(() => fieldsOf(zone));
  const isHeld = ground.moved !== undefined && !action.isBusy;
  const body = bodyOf(fields);
  const path = `/v1/zones/${segment(zone.name)}`;
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isHeld) return;
    const isMine = (now: Zone): boolean => isInForce(shown(now), body);
    const isDone = await action.run<Zone>(path, { method: 'PUT', body, ifMatch: ground.etag, isMine });
    void of.reload();
    if (!isDone) return;
    note('done', `${zone.name} was changed.`);
    onClose();
  };
  const onTheirs = (): Fields => rebased(fieldsOf(zone), fieldsOf(ground.moved?.body as Zone), fields);
  const decide = (keepsMine: boolean): void => {
    const now = ground.moved?.body;
    if (now === undefined) return onClose();
    setFields(keepsMine ? onTheirs() : fieldsOf(now));
    ground.take();
    action.clear();
  };
  const field = (key: string) => ({
    value: fields[key] ?? '',
    onText: (text: string) => setFields({ ...fields, [key]: text }),
  });
  return (
    <Dialog title={`Settings of ${zone.name}`} isWide onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <Line label="Nameservers" hint="Host names with spaces" isRequired {...field('nameservers')} />
        <div class="fields">
          <Line label="Primary" hint="The server that the SOA names" isRequired {...field('primary')} />
          <Line label="Mailbox of who is responsible" isRequired {...field('hostmaster')} />
        </div>
        <div class="fields">
          {TIMES.map(([key, label, hint]) => (
            <Line key={key} label={label} hint={hint} isNumber isRequired {...field(key)} />
          ))}
        </div>
        <label class="choice">
          <input
            type="checkbox"
            checked={fields.zonemd === ON}
            onChange={(event) => setFields({ ...fields, zonemd: event.currentTarget.checked ? ON : '' })}
          />
          <span>A digest of the whole zone at its apex (ZONEMD), for who copies it</span>
        </label>
        <Lines label="Labels" hint="key=value on each line" placeholder="stage=prod" {...field('labels')} />
        {isHeld && (
          <GroundMoved
            what={zone.name}
            opened={shown(zone)}
            now={ground.moved?.body && shown(ground.moved.body)}
            mine={ground.moved?.body && bodyOf(onTheirs())}
            etag={ground.etag}
            isAbout={({ kind, name }) => kind === 'zone' && name === zone.name}
            onMine={ground.moved?.body && (() => decide(true))}
            mineText="Keep my changes"
            onTheirs={() => decide(false)}
            {...(ground.moved?.body === undefined && { theirsText: 'Close' })}
          />
        )}
        <DialogEnd action={action} onCancel={onClose} isHeld={isHeld}>
          Save
        </DialogEnd>
      </form>
    </Dialog>
  );
}

/** What a PUT takes, of a reply. */
function shown({ nameservers, primary, hostmaster, zonemd = false, labels = {}, ...zone }: Zone): object {
  return {
    nameservers,
    primary,
    hostmaster,
    zonemd,
    labels,
    ...Object.fromEntries(TIMES.map(([key]) => [key, zone[key]])),
  };
}

function fieldsOf(zone: Zone): Fields {
  return {
    nameservers: zone.nameservers.join(' '),
    primary: zone.primary,
    hostmaster: zone.hostmaster,
    ...Object.fromEntries(TIMES.map(([key]) => [key, String(zone[key])])),
    zonemd: zone.zonemd ? ON : '',
    labels: labelsText(zone.labels),
  };
}

function bodyOf(fields: Fields): object {
  return {
    nameservers: wordsOf(fields.nameservers ?? ''),
    primary: (fields.primary ?? '').trim(),
    hostmaster: (fields.hostmaster ?? '').trim().replace('@', '.'),
    ...Object.fromEntries(TIMES.map(([key]) => [key, typedNumber(fields[key])])),
    zonemd: fields.zonemd === ON,
    labels: labelsOf(fields.labels ?? ''),
  };
}

/** Services that are named before they go with their zone. */
const NAMED_MAX = 100;

export function DeleteZone({ of, onClose }: { of: Resource<Zone>; onClose: () => void }) {
  const action = useAction();
  const ground = useGround<Zone>(of);
  const { name } = ground.body as Zone;
  const services = useResource<Page<Service>>(`/v1/services?zone=${segment(name)}&limit=${NAMED_MAX}`, {
    on: ({ kind }) => kind === 'revision',
  }).body;
  const [typed, setTyped] = useState('');
  const [withServices, setWithServices] = useState(false);
  const [isForced, setForced] = useState(false);
  const isMoved = ground.moved !== undefined && !action.isBusy;
  const hasServices = (services?.items.length ?? 0) > 0;
  const isHeld = isMoved || services === undefined || typed.trim() !== name || (hasServices && !withServices);
  const confirm = async (): Promise<void> => {
    const query = [...(withServices ? ['services=delete'] : []), ...(isForced ? ['force=true'] : [])].join('&');
    const path = `/v1/zones/${segment(name)}${query === '' ? '' : `?${query}`}`;
    if (!(await action.run(path, { method: 'DELETE', ifMatch: ground.etag }))) return void of.reload();
    note('done', `${name} was deleted.`);
    onClose();
    location.hash = hrefOf({ page: 'zones' });
  };
  const look = (): void => {
    if (ground.moved?.body === undefined) return onClose();
    ground.take();
    action.clear();
  };
  return (
    <Dialog title={`Delete the zone ${name}?`} onClose={onClose}>
      {isMoved && (
        <GroundMoved
          what={name}
          opened={shown(ground.body as Zone)}
          now={ground.moved?.body && shown(ground.moved.body)}
          etag={ground.etag}
          isAbout={({ kind, name: about }) => kind === 'zone' && about === name}
          onTheirs={look}
          theirsText={ground.moved?.body === undefined ? 'Close' : 'Ask about what is in force'}
        />
      )}
      <p>
        From this instant on the server refuses every query for {name} and all names in it. Its records go with it; the
        log keeps that they were there, and an export made before is the way back.
      </p>
      {hasServices && (
        <Message tone="danger">
          <p>
            <strong>It has services:</strong> {services?.items.map((service) => service.name).join(', ')}
            {services?.next !== undefined && ' and more'}.
          </p>
          <label class="choice">
            <input type="checkbox" checked={withServices} onChange={() => setWithServices(!withServices)} />
            <span>Delete them too</span>
          </label>
        </Message>
      )}
      <ForceDs failure={action.failure} isForced={isForced} onForced={setForced} />
      <Line label={`Type ${name} to delete it`} value={typed} onText={setTyped} />
      <DialogEnd action={action} onCancel={onClose} onAct={confirm} isDanger isHeld={isHeld}>
        Delete now
      </DialogEnd>
    </Dialog>
  );
}
