/** Making a service, or changing what it is; weights are shifted elsewhere. */
import { useState } from 'preact/hooks';
import type { Proposal, Service } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { type Fields, isInForce, rebased, type Seen } from '../rules/ground.ts';
import { doneText } from '../rules/plain.ts';
import { bodyOf, fieldsOf, fresh, poolsIn, TTL_SECONDS, withoutPool, withPool } from '../rules/service-fields.ts';
import { settingsOf } from '../rules/services.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { useGround } from '../state/ground.ts';
import { concerns, type Resource, useResource } from '../state/resource.ts';
import { hrefOf } from '../state/router.ts';
import { Dialog, Field } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { GroundMoved } from './ground-moved.tsx';
import { ReplaceOffer } from './replace-offer.tsx';
import { MoreOfService } from './service-more.tsx';

/** A service has two at least. */
const POOLS_MIN = 2;

/** `of`: the service to change; without it a new one is made, `from` what it was if it was there before. */
export function ServiceForm(props: { of?: Resource<Service>; from?: Service; onClose: () => void }) {
  const { onClose } = props;
  const isNew = props.of === undefined;
  const [name, setName] = useState(props.from?.name ?? '');
  const host = name.trim().replace(/\.$/, '');
  // The name of a new one may be taken: then that is what the form is about.
  const [taken, setTaken] = useState<string>();
  const clash = useResource<Service>(taken && `/v1/services/${segment(taken)}`, { on: concerns(taken ?? '') });
  const of = props.of ?? clash;
  const ground = useGround<Service>(of, isNew ? NOTHING : undefined);
  const service = ground.body;
  const [fields, setFields] = useState<Fields>(() => fieldsOf(service ?? props.from));
  // Asked when the name is complete; what is there may be replaced, and is shown as it is now.
  const [asked, setAsked] = useState<string>();
  const proposalPath = isNew && asked === host && host !== '' ? `/v1/services/${segment(host)}/proposal` : undefined;
  const proposal = useResource<Proposal>(proposalPath, { on: ({ kind }) => kind === 'revision' }).body;
  const [replacesFor, setReplacesFor] = useState<string>();
  const replaces = proposal !== undefined && replacesFor === host;
  const pools = poolsIn(fields);
  const [names, setNames] = useState<Readonly<Record<string, string>>>({});
  const action = useAction();
  const change = (key: string, value: string): void => setFields({ ...fields, [key]: value });
  const hasWeights = isNew && service === undefined;
  const mine = bodyOf(service ?? props.from, fields, { names, hasWeights });
  const isHeld = ground.moved !== undefined && (!isNew || taken === host) && !action.isBusy;

  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isHeld) return;
    const path = `/v1/services/${segment(host === '' ? (service?.name ?? '') : host)}`;
    const condition = ground.etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: ground.etag };
    const isMine = (now: Service): boolean => isInForce(settingsShown(now), mine);
    // The records that were in sight: others are not replaced.
    const body = replaces ? { ...mine, ...withRecords(proposal, fields) } : mine;
    let made: Service | undefined;
    const isDone = await action.run<Service>(path, { method: 'PUT', body, ...condition, isMine }, (reply) => {
      made = reply;
    });
    if (!isDone) {
      if (isNew) setTaken(host);
      if (isNew) setAsked(host);
      return void of.reload();
    }
    note('done', doneText(isNew ? `The service ${host} was made.` : `${service?.name} was changed.`, made));
    onClose();
    if (isNew) location.hash = hrefOf({ page: 'service', name: host });
  };
  const onTheirs = (): Fields => rebased(fieldsOf(service), fieldsOf(ground.moved?.body), fields);
  const decide = (keepsMine: boolean): void => {
    const now = ground.moved?.body;
    if (now === undefined || (isNew && !keepsMine)) {
      onClose();
      if (isNew) location.hash = hrefOf({ page: 'service', name: host });
      return;
    }
    if (!isNew) setFields(keepsMine ? onTheirs() : fieldsOf(now));
    ground.take();
    action.clear();
  };
  const take = (isTaken: boolean): void => {
    setReplacesFor(isTaken ? host : undefined);
    action.clear();
    if (isTaken && proposal !== undefined) setFields(withProposed(fields, proposal));
  };
  const onMine = ground.moved?.body && (() => decide(true));

  return (
    <Dialog title={isNew ? 'New service' : `Edit ${service?.name}`} isWide onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <div class="fields">
          {isNew && (
            <Field label="Name" hint="In one of your zones">
              {(ids) => (
                <input
                  {...ids}
                  required
                  placeholder="app.example.com"
                  value={name}
                  onInput={(event) => setName(event.currentTarget.value)}
                  onBlur={() => setAsked(host)}
                />
              )}
            </Field>
          )}
          <Field label="TTL, seconds" hint="How long resolvers keep an answer">
            {(ids) => (
              <input
                {...ids}
                inputMode="numeric"
                value={fields.ttlSeconds}
                onInput={(event) => change('ttlSeconds', event.currentTarget.value)}
              />
            )}
          </Field>
        </div>
        {proposal !== undefined && <ReplaceOffer proposal={proposal} isTaken={replaces} onTake={take} />}
        {pools.map((pool, i) => (
          <PoolFields
            key={pool}
            isNewPool={hasWeights || !(pool in (service?.pools ?? {}))}
            {...(pools.length > POOLS_MIN && { onRemove: () => setFields(withoutPool(fields, pool)) })}
            number={i + 1}
            pool={names[pool] ?? pool}
            fields={{ targets: fields[`pools.${pool}.targets`] ?? '', weight: fields[`pools.${pool}.weight`] ?? '' }}
            onName={(text) => setNames({ ...names, [pool]: text })}
            onField={(field, text) => change(`pools.${pool}.${field}`, text)}
          />
        ))}
        <div>
          <button type="button" class="compact" onClick={() => setFields(withPool(fields))}>
            Add a pool
          </button>
        </div>
        <MoreOfService fields={fields} onField={change} />
        {isHeld && (
          <GroundMoved
            what={service?.name ?? host}
            opened={service && settingsShown(service)}
            now={ground.moved?.body && settingsShown(ground.moved.body)}
            mine={isNew ? mine : bodyOf(ground.moved?.body, onTheirs(), { names, hasWeights })}
            etag={ground.etag}
            isAbout={({ kind, name }) => kind === 'service' && name === service?.name}
            onMine={onMine}
            mineText={isNew ? 'Replace it with mine' : 'Keep my changes'}
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

function PoolFields(props: {
  number: number;
  pool: string;
  fields: { readonly targets: string; readonly weight: string };
  /** It has no name and no weight yet. */
  isNewPool: boolean;
  onRemove?: () => void;
  onName: (text: string) => void;
  onField: (field: 'targets' | 'weight', text: string) => void;
}) {
  const { number, pool, fields, isNewPool, onRemove, onField } = props;
  return (
    <fieldset class="stack-s">
      <legend>{pool === '' ? `Pool ${number}` : pool}</legend>
      <div class="fields">
        {isNewPool && (
          <Field label={`Name of pool ${number}`}>
            {(ids) => (
              <input {...ids} required value={pool} onInput={(event) => props.onName(event.currentTarget.value)} />
            )}
          </Field>
        )}
        <Field label={`Targets of ${pool}`} hint="IP addresses with spaces, or one host name">
          {(ids) => (
            <input
              {...ids}
              required
              placeholder="192.0.2.10 192.0.2.11"
              value={fields.targets}
              onInput={(event) => onField('targets', event.currentTarget.value)}
            />
          )}
        </Field>
        {isNewPool && (
          <Field label={`Weight of ${pool}`}>
            {(ids) => (
              <input
                {...ids}
                inputMode="numeric"
                value={fields.weight}
                onInput={(event) => onField('weight', event.currentTarget.value)}
              />
            )}
          </Field>
        )}
      </div>
      {onRemove && (
        <div class="row-end">
          <button type="button" class="plain compact" onClick={onRemove}>
            Remove the pool {pool}
          </button>
        </div>
      )}
    </fieldset>
  );
}

const NOTHING: Seen<Service> = { body: undefined, etag: undefined };

/** What is still as it was at first becomes what the records say; what was typed stays. */
function withProposed(fields: Fields, { body: { ttlSeconds, pools = {} } }: Proposal): Fields {
  const proposed: Fields = {
    ttlSeconds: String(ttlSeconds ?? TTL_SECONDS),
    ...Object.fromEntries(
      Object.entries(pools).map(([pool, { targets = [] }]) => [`pools.${pool}.targets`, targets.join(' ')]),
    ),
  };
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value === fresh[key] ? (proposed[key] ?? value) : value]),
  );
}

/** What goes, and what keeps a high TTL from making releases slow, as long as the TTL is the proposed one. */
function withRecords({ body: { replace, release, ttlSeconds } }: Proposal, fields: Fields): object {
  return { replace, ...(release !== undefined && Number(fields.ttlSeconds) === ttlSeconds && { release }) };
}

/** Of a service that is there, what the form's body can be held against. */
function settingsShown(service: Service): object {
  return { ...settingsOf(service), ttlSeconds: service.ttlSeconds, pools: service.pools };
}
