/** Making a service, or changing its TTL and its targets; weights are shifted elsewhere. */
import { useState } from 'preact/hooks';
import { segment } from '../api/client.ts';
import type { Service } from '../api/types.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { hrefOf } from '../state/router.ts';
import { Dialog, DialogEnd, Field } from './controls.tsx';

interface PoolDraft {
  readonly name: string;
  readonly targets: string;
  readonly weight: string;
}

const fresh: readonly PoolDraft[] = [
  { name: 'blue', targets: '', weight: '100' },
  { name: 'green', targets: '', weight: '0' },
];

export function ServiceForm(props: { service?: Service; etag?: string | undefined; onClose: () => void }) {
  const { service, etag, onClose } = props;
  const [name, setName] = useState(service?.name ?? '');
  const [ttl, setTtl] = useState(String(service?.ttlSeconds ?? 5));
  const [pools, setPools] = useState<readonly PoolDraft[]>(service === undefined ? fresh : draftsOf(service));
  const action = useAction();
  const change = (i: number, part: Partial<PoolDraft>): void =>
    setPools(pools.map((pool, at) => (at === i ? { ...pool, ...part } : pool)));

  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const host = name.trim().replace(/\.$/, '');
    const body = bodyOf(service, Number(ttl), pools);
    const isDone = await action.run(`/v1/services/${segment(host)}`, { method: 'PUT', body, ifMatch: etag });
    if (!isDone) return;
    note('done', service === undefined ? `The service ${host} was made.` : `${host} was changed.`);
    onClose();
    if (service === undefined) location.hash = hrefOf({ page: 'service', name: host });
  };

  return (
    <Dialog title={service === undefined ? 'New service' : `Edit ${service.name}`} isWide onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <div class="fields">
          {service === undefined && (
            <Field label="Name" hint="In one of your zones">
              {(ids) => (
                <input
                  {...ids}
                  required
                  placeholder="app.example.com"
                  value={name}
                  onInput={(event) => setName(event.currentTarget.value)}
                />
              )}
            </Field>
          )}
          <Field label="TTL, seconds" hint="How long resolvers keep an answer">
            {(ids) => (
              <input {...ids} inputMode="numeric" value={ttl} onInput={(event) => setTtl(event.currentTarget.value)} />
            )}
          </Field>
        </div>
        {pools.map((pool, i) => (
          <fieldset key={i} class="stack-s">
            <legend>{pool.name === '' ? `Pool ${i + 1}` : pool.name}</legend>
            <div class="fields">
              {service === undefined && (
                <Field label={`Name of pool ${i + 1}`}>
                  {(ids) => (
                    <input
                      {...ids}
                      required
                      value={pool.name}
                      onInput={(event) => change(i, { name: event.currentTarget.value })}
                    />
                  )}
                </Field>
              )}
              <Field label={`Targets of ${pool.name}`} hint="IP addresses with spaces, or one host name">
                {(ids) => (
                  <input
                    {...ids}
                    required
                    placeholder="192.0.2.10 192.0.2.11"
                    value={pool.targets}
                    onInput={(event) => change(i, { targets: event.currentTarget.value })}
                  />
                )}
              </Field>
              {service === undefined && (
                <Field label={`Weight of ${pool.name}`}>
                  {(ids) => (
                    <input
                      {...ids}
                      inputMode="numeric"
                      value={pool.weight}
                      onInput={(event) => change(i, { weight: event.currentTarget.value })}
                    />
                  )}
                </Field>
              )}
            </div>
          </fieldset>
        ))}
        <DialogEnd action={action} onCancel={onClose}>
          Save
        </DialogEnd>
      </form>
    </Dialog>
  );
}

function draftsOf(service: Service): PoolDraft[] {
  return Object.entries(service.pools).map(([name, { targets, weight }]) => ({
    name,
    targets: targets.join(' '),
    weight: String(weight),
  }));
}

/** What else a service has (pins, health checks) is sent back as it was; weights of pools that exist are left alone. */
function bodyOf(service: Service | undefined, ttlSeconds: number, pools: readonly PoolDraft[]): object {
  const settings = service === undefined ? {} : settingsOf(service);
  return {
    ...settings,
    ttlSeconds,
    pools: Object.fromEntries(
      pools.map(({ name, targets, weight }) => [
        name.trim(),
        {
          targets: targets.split(/[\s,]+/).filter((target) => target !== ''),
          ...(service === undefined && { weight: Number(weight) }),
        },
      ]),
    ),
  };
}

/** Of a reply, what a PUT takes. */
const settable = ['pick', 'pins', 'health', 'release', 'salt'] as const;

function settingsOf(service: Service): object {
  return Object.fromEntries(settable.flatMap((key) => (service[key] === undefined ? [] : [[key, service[key]]])));
}
