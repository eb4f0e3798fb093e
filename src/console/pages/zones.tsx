/** All zones, and the making of a new one. */

import { useState } from 'preact/hooks';
import type { Page, Zone } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { Act } from '../parts/act.tsx';
import { Dialog, Empty, Field, Loaded, Message, PageHead, Refusal } from '../parts/controls.tsx';
import { Late, phaseText, WhyFields } from '../parts/dialog-end.tsx';
import { countText } from '../rules/format.ts';
import { isInForce } from '../rules/ground.ts';
import { isLimited, reachText } from '../rules/may.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { useResource } from '../state/resource.ts';
import { hrefOf } from '../state/router.ts';
import { self } from '../state/self.ts';

const PAGE = 200;
const PAGE_MAX = 1000;

export function ZonesPage() {
  const [isMaking, setMaking] = useState(false);
  const [limit, setLimit] = useState(PAGE);
  const zones = useResource<Page<Zone>>(`/v1/zones?limit=${limit}`, { on: ({ kind }) => kind === 'revision' });
  return (
    <>
      <PageHead
        title="Zones"
        facts={zones.body && <span>{countText(zones.body.items.length, 'zone')}</span>}
        tools={
          <Act needs="zones" class="primary" onClick={() => setMaking(true)}>
            New zone
          </Act>
        }
      />
      {isMaking && <ZoneForm onClose={() => setMaking(false)} />}
      <div class="card">
        <Loaded of={zones} lines={5}>
          {({ items, next }) =>
            items.length === 0 ? (
              <NoZones />
            ) : (
              <>
                <table class="records">
                  <thead>
                    <tr>
                      <th scope="col">Zone</th>
                      <th scope="col">Nameservers</th>
                      <th scope="col" class="number">
                        Serial
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((zone) => (
                      <tr key={zone.name}>
                        <td>
                          <a href={hrefOf({ page: 'zone', name: zone.name })}>
                            <strong>{zone.name}</strong>
                          </a>
                        </td>
                        <td class="quiet wide">{zone.nameservers.join(', ')}</td>
                        <td class="number quiet">
                          <span class="hidden-text">serial </span>
                          {zone.serial}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
                {next !== undefined && limit < PAGE_MAX && (
                  <button type="button" onClick={() => setLimit(PAGE_MAX)}>
                    Show more
                  </button>
                )}
              </>
            )
          }
        </Loaded>
      </div>
    </>
  );
}

/** Whoever sees only some zones cannot know that there is none. */
function NoZones() {
  const seen = self.value;
  if (seen === undefined || isLimited(seen)) {
    return (
      <Empty title="No zone that you may see">
        {seen && <p>{reachText(seen)} Zones beyond that are not shown.</p>}
      </Empty>
    );
  }
  return (
    <Empty title="No zone yet">
      <p>A zone is a domain that this server is authoritative for. Make one, or import a zone file.</p>
    </Empty>
  );
}

function ZoneForm({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [nameservers, setNameservers] = useState('');
  const [hostmaster, setHostmaster] = useState('');
  const action = useAction();
  const zone = name.trim().replace(/(?<=.)\.$/, '');
  const mailbox = zone === '.' ? 'hostmaster' : `hostmaster.${zone}`;
  const path = `/v1/zones/${segment(zone)}`;
  const [taken, setTaken] = useState<string>();
  const there = useResource<Zone>(taken).body;
  const isTaken = taken === path && there !== undefined && action.failure?.code === 'revision_stale';
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = {
      nameservers: nameservers.split(/[\s,]+/).filter((one) => one !== ''),
      hostmaster: hostmaster.trim().replace('@', '.') || mailbox,
    };
    const isMine = (now: Zone): boolean => isInForce(now, body);
    // It makes a zone, and changes none that is there.
    const isDone = await action.run<Zone>(path, { method: 'PUT', body, ifNoneMatch: '*', isMine });
    if (!isDone) return setTaken(path);
    note('done', `The zone ${zone} was made.`);
    onClose();
    location.hash = hrefOf({ page: 'zone', name: zone });
  };
  return (
    <Dialog title="New zone" onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <Field label="Name">
          {(ids) => (
            <input
              {...ids}
              required
              placeholder="example.com"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label="Nameservers" hint="Host names with spaces: ns1.example.com ns2.example.com">
          {(ids) => (
            <input
              {...ids}
              required
              value={nameservers}
              onInput={(event) => setNameservers(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label="Mailbox of who is responsible" hint={zone && `If left empty: ${mailbox}`}>
          {(ids) => <input {...ids} value={hostmaster} onInput={(event) => setHostmaster(event.currentTarget.value)} />}
        </Field>
        {isTaken ? (
          <Message tone="warn" isAlert>
            <p>
              <strong>{zone} is there already,</strong> and nothing was changed. Its nameservers are{' '}
              {there.nameservers.join(', ')}; its mailbox is {there.hostmaster}.
            </p>
            <a href={hrefOf({ page: 'zone', name: zone })} onClick={onClose}>
              Look at it
            </a>
          </Message>
        ) : (
          <Refusal failure={action.failure} />
        )}
        <Late action={action} />
        <WhyFields action={action} />
        <div class="between">
          {zone === '' ? (
            <span />
          ) : (
            <a href={hrefOf({ page: 'import', name: zone })} onClick={onClose}>
              Import a zone file instead
            </a>
          )}
          <div class="row-end">
            <button type="button" onClick={onClose}>
              Cancel
            </button>
            <button type="submit" class="primary" disabled={action.isBusy}>
              {phaseText(action.phase) ?? 'Make the zone'}
            </button>
          </div>
        </div>
      </form>
    </Dialog>
  );
}
