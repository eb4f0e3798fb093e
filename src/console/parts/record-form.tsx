/** Setting the records of one name and type. */
import { useState } from 'preact/hooks';
import { segment } from '../api/client.ts';
import type { RRset } from '../api/types.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { Dialog, DialogEnd, Field } from './controls.tsx';

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

export function RecordForm(props: { zone: string; rrset?: RRset; onClose: () => void; onDone: () => void }) {
  const { zone, rrset, onClose } = props;
  const [name, setName] = useState('');
  const [type, setType] = useState(rrset?.type ?? 'A');
  const [ttl, setTtl] = useState(String(rrset?.ttlSeconds ?? 300));
  const [rdata, setRdata] = useState(rrset?.rdata.join('\n') ?? '');
  const action = useAction();
  const full = rrset?.name ?? fullName(name.trim(), zone);

  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const path = `/v1/zones/${segment(zone)}/rrsets/${segment(full)}/${segment(type.trim())}`;
    const lines = rdata.split('\n').filter((line) => line.trim() !== '');
    const body = { ttlSeconds: Number(ttl), rdata: lines };
    const ifMatch = rrset && `"${rrset.revision}"`;
    const isDone = await action.run(path, { method: 'PUT', body, ifMatch });
    props.onDone();
    if (!isDone) return;
    note('done', `${full} ${type} was set.`);
    onClose();
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
            <input {...ids} inputMode="numeric" value={ttl} onInput={(event) => setTtl(event.currentTarget.value)} />
          )}
        </Field>
        <Field label="Data, one record a line" hint={examples[type] && `For example ${examples[type]}`}>
          {(ids) => (
            <textarea
              {...ids}
              rows={5}
              required
              spellcheck={false}
              value={rdata}
              onInput={(event) => setRdata(event.currentTarget.value)}
            />
          )}
        </Field>
        <DialogEnd action={action} onCancel={onClose}>
          Save
        </DialogEnd>
      </form>
    </Dialog>
  );
}

/** What is typed is relative to the zone, unless it ends with the zone or with a dot, as in zone files. */
function fullName(typed: string, zone: string): string {
  if (typed === '' || typed === '@') return zone;
  if (typed.endsWith('.')) return typed.slice(0, -1);
  return typed === zone || typed.endsWith(`.${zone}`) ? typed : `${typed}.${zone}`;
}
