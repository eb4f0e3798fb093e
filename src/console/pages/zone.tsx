/** One zone: its records, listed, set and deleted; its file. */

import { useState } from 'preact/hooks';
import type { Answered, Page, RRset, Zone } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { About, Act, ActLink } from '../parts/act.tsx';
import { Dialog, Empty, Field, Loaded, PageHead } from '../parts/controls.tsx';
import { DialogEnd } from '../parts/dialog-end.tsx';
import { GroundMoved } from '../parts/ground-moved.tsx';
import { RecordForm, shortName } from '../parts/record-form.tsx';
import { SearchEnd } from '../parts/search-end.tsx';
import { SigningPanel } from '../parts/signing-panel.tsx';
import { DeleteZone, ZoneSettings } from '../parts/zone-settings.tsx';
import { percent } from '../rules/shares.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { useGround } from '../state/ground.ts';
import { useResource } from '../state/resource.ts';
import { hrefOf } from '../state/router.ts';
import { type Search, useSearch } from '../state/search.ts';
import { call } from '../state/session.ts';

const PAGE = 200;
const PAGE_MAX = 1000;
const FILTER_FROM = 8;

export function ZonePage({ name }: { name: string }) {
  const path = `/v1/zones/${segment(name)}`;
  const on = ({ kind }: { kind: string }) => kind === 'revision';
  const [limit, setLimit] = useState(PAGE);
  const zone = useResource<Zone>(path, { on });
  const rrsets = useResource<Page<Answered>>(`${path}/answers?limit=${limit}`, { on });
  const [filter, setFilter] = useState('');
  const search = useSearch<Answered>(`${path}/answers`, filter, { limit: PAGE, on });
  const [editing, setEditing] = useState<RRset | 'new'>();
  const [deleting, setDeleting] = useState<RRset>();
  const [open, setOpen] = useState<'settings' | 'delete'>();
  return (
    <About.Provider value={{ zone: name }}>
      <PageHead
        title={name}
        back={{ href: hrefOf({ page: 'zones' }), text: 'Zones' }}
        facts={
          zone.body && (
            <>
              <span>Serial {zone.body.serial}</span>
              <span>{zone.body.nameservers.join(', ')}</span>
              <span>{zone.body.hostmaster}</span>
              <span>
                TTL {zone.body.ttlSeconds} s, negative {zone.body.negativeTtlSeconds} s
              </span>
            </>
          )
        }
        tools={
          <>
            <button type="button" onClick={() => void exportFile(name)}>
              Export
            </button>
            <ActLink needs="admin" href={hrefOf({ page: 'import', name })}>
              Import…
            </ActLink>
            <Act
              needs="admin"
              not={zone.body === undefined ? 'The zone is not there yet.' : undefined}
              onClick={() => setOpen('settings')}
            >
              Settings…
            </Act>
            <Act
              needs="admin"
              not={zone.body === undefined ? 'The zone is not there yet.' : undefined}
              onClick={() => setOpen('delete')}
            >
              Delete…
            </Act>
            <Act needs="records" class="primary" onClick={() => setEditing('new')}>
              Add a record
            </Act>
          </>
        }
      />
      <div class="column">
        <SigningPanel zone={name} />
        <div class="card">
          <Loaded of={rrsets} lines={6}>
            {({ items, next }) => (
              <>
                <Records
                  zone={name}
                  items={items}
                  filter={filter}
                  onFilter={setFilter}
                  search={search}
                  onEdit={setEditing}
                  onDelete={setDeleting}
                />
                {filter === '' && next !== undefined && limit < PAGE_MAX && (
                  <button type="button" onClick={() => setLimit(PAGE_MAX)}>
                    Show more
                  </button>
                )}
                {filter === '' && next !== undefined && limit === PAGE_MAX && (
                  <p class="quiet">
                    The first {PAGE_MAX} are shown; names are looked for among all, and the export has them.
                  </p>
                )}
              </>
            )}
          </Loaded>
        </div>
      </div>
      {editing && (
        <RecordForm
          zone={name}
          {...(editing !== 'new' && { rrset: editing })}
          onClose={() => setEditing(undefined)}
          onDone={() => void rrsets.reload()}
        />
      )}
      {open === 'settings' && <ZoneSettings of={zone} onClose={() => setOpen(undefined)} />}
      {open === 'delete' && <DeleteZone of={zone} onClose={() => setOpen(undefined)} />}
      {deleting && (
        <DeleteRecord rrset={deleting} onClose={() => setDeleting(undefined)} onDone={() => void rrsets.reload()} />
      )}
    </About.Provider>
  );
}

/** The browser saves what the API gives; the token cannot go with a plain link. */
async function exportFile(zone: string): Promise<void> {
  const reply = await call<string>(`/v1/zones/${segment(zone)}/file`, { accept: 'text' });
  if (!reply.ok) return note('failed', `The zone was not exported. ${reply.failure.detail}`);
  const address = URL.createObjectURL(new Blob([reply.body], { type: 'text/dns' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `${zone}.zone`;
  link.click();
  URL.revokeObjectURL(address);
  note('done', `${zone}.zone was exported.`);
}

/** What a service answers is one line a pool. */
const keyOf = ({ from, name, type, pool = '' }: Answered): string => `${from}/${name}/${type}/${pool}`;

const isRecord = ({ from }: Answered): boolean => !['zone', 'service', 'preview'].includes(from);

function Records(props: {
  zone: string;
  items: readonly Answered[];
  filter: string;
  onFilter: (filter: string) => void;
  search: Search<Answered>;
  onEdit: (rrset: RRset) => void;
  onDelete: (rrset: RRset) => void;
}) {
  const { zone, items, filter, search } = props;
  if (items.length === 0) {
    return (
      <Empty title="No records yet">
        <p>This zone answers nothing that you may see.</p>
      </Empty>
    );
  }
  const { wanted, found } = search;
  const here = items.filter(({ from, name, type, rdata, pool }) =>
    `${from} ${name} ${type} ${rdata.join(' ')} ${pool ?? ''}`.toLowerCase().includes(wanted),
  );
  // Names are looked for in the whole zone, types and data in what is here.
  const known = new Set(here.map(keyOf));
  const shown = wanted === '' ? items : [...here, ...(found?.items ?? []).filter((rrset) => !known.has(keyOf(rrset)))];
  return (
    <>
      {(items.length >= FILTER_FROM || wanted !== '') && (
        <Field label="Show only records with">
          {(ids) => (
            <input
              {...ids}
              type="search"
              value={filter}
              onInput={(event) => props.onFilter(event.currentTarget.value)}
            />
          )}
        </Field>
      )}
      <table class="records">
        <caption class="hidden-text">Records of {zone}</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Type</th>
            <th scope="col" class="number">
              TTL
            </th>
            <th scope="col">Data</th>
            <th scope="col">From</th>
            <th scope="col">
              <span class="hidden-text">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((rrset) => (
            <tr key={keyOf(rrset)}>
              <td class="mono owner">{shortName(rrset.name, zone)}</td>
              <td>
                <span class="badge">{rrset.type}</span>
              </td>
              <td class="number quiet">{rrset.ttlSeconds}</td>
              <td class="mono wide">
                {rrset.rdata.map((one) => (
                  <div key={one}>{one}</div>
                ))}
              </td>
              <td class="wide source">
                <Source of={rrset} />
              </td>
              <td class="wide">
                {isRecord(rrset) && (
                  <div class="row-end">
                    <Act
                      needs="records"
                      class="plain compact"
                      label={`Edit ${rrset.name} ${rrset.type}`}
                      onClick={() => props.onEdit(rrset)}
                    >
                      Edit
                    </Act>
                    <Act
                      needs="records"
                      class="plain compact"
                      label={`Delete ${rrset.name} ${rrset.type}`}
                      onClick={() => props.onDelete(rrset)}
                    >
                      Delete
                    </Act>
                  </div>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {wanted !== '' && <SearchEnd of={search} shown={shown.length} noun="name" />}
    </>
  );
}

const sources: Readonly<Record<string, string>> = {
  zone: 'the zone itself',
  record: 'a record',
  delegation: 'a delegation: others answer below',
  glue: 'glue of a delegation',
  hidden: 'hidden: a zone below answers',
};

/** What makes it, and the way there. */
function Source({ of }: { of: Answered }) {
  const { from, service, pool, share } = of;
  if (service === undefined) return <span class="small quiet">{sources[from] ?? from}</span>;
  return (
    <span class="small">
      {from === 'preview' ? 'preview of ' : 'service '}
      <a href={hrefOf({ page: 'service', name: service })}>{service}</a>, {pool}
      {share !== undefined && ` ${percent(share)}`}
    </span>
  );
}

function DeleteRecord({ rrset, onClose, onDone }: { rrset: RRset; onClose: () => void; onDone: () => void }) {
  const action = useAction();
  const path = `/v1/zones/${segment(rrset.zone)}/rrsets/${segment(rrset.name)}/${segment(rrset.type)}`;
  const of = useResource<RRset>(path, { on: ({ kind }) => kind === 'revision' });
  const ground = useGround<RRset>(of, { body: rrset, etag: `"${rrset.revision}"` });
  const isHeld = ground.moved !== undefined && !action.isBusy;
  const { ttlSeconds, rdata } = ground.body as RRset;
  const confirm = async (): Promise<void> => {
    const isDone = await action.run(path, { method: 'DELETE', ifMatch: ground.etag });
    onDone();
    if (!isDone) return void of.reload();
    note('done', `${rrset.name} ${rrset.type} was deleted.`);
    onClose();
  };
  const look = (): void => {
    if (ground.moved?.body === undefined) return onClose();
    ground.take();
    action.clear();
  };
  return (
    <Dialog title={`Delete ${rrset.name} ${rrset.type}?`} onClose={onClose}>
      {isHeld && (
        <GroundMoved
          what={`${rrset.name} ${rrset.type}`}
          opened={{ ttlSeconds, rdata }}
          now={ground.moved?.body && { ttlSeconds: ground.moved.body.ttlSeconds, rdata: ground.moved.body.rdata }}
          etag={ground.etag}
          isAbout={({ kind, name }) => kind === 'rrset' && name === `${rrset.name}/${rrset.type}`}
          onTheirs={look}
          theirsText={ground.moved?.body === undefined ? 'Close' : 'Ask about what is in force'}
        />
      )}
      <ul class="mono">
        {rdata.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      <p>
        Resolvers keep what they have for up to {ttlSeconds} s. The log keeps the record, so that it can be set again.
      </p>
      <DialogEnd action={action} onCancel={onClose} onAct={confirm} isDanger isHeld={isHeld}>
        Delete now
      </DialogEnd>
    </Dialog>
  );
}
