/** What a revision set or deleted, set again: the form of the record or service, filled with what it was, or a shift. */

import { useEffect, useState } from 'preact/hooks';
import type { Page, Release, Revision, RRset, Service, Weights, Zone } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { deletedRRset, deletedService, isWeights, writtenRRset } from '../rules/differences.ts';
import { plainText } from '../rules/plain.ts';
import { weightsAfter } from '../rules/undo.ts';
import { note } from '../state/announce.ts';
import { concerns, useResource } from '../state/resource.ts';
import { call } from '../state/session.ts';
import { Act } from './act.tsx';
import { RecordForm } from './record-form.tsx';
import { ConfirmRollback } from './rollback.tsx';
import { ServiceForm } from './service-form.tsx';

/** A button for each record that the revision set or deleted, each service that it deleted, and weights that it set. */
export function SetAgain({ revision }: { revision: Revision }) {
  const [open, setOpen] = useState<string>();
  return (
    <>
      {revision.subjects.map((subject) => {
        const { kind, name } = subject;
        const rrset = deletedRRset(subject) ?? writtenRRset(subject);
        const weights = kind === 'service' && isWeights(subject.after) ? weightsAfter(name, revision) : undefined;
        const service = deletedService(subject);
        if (rrset === undefined && service === undefined && weights === undefined) return null;
        const isOpen = open === name;
        const onClose = (): void => setOpen(undefined);
        return (
          <div key={`${kind} ${name}`}>
            <Act
              needs={rrset ? 'records' : service ? 'admin' : 'shift'}
              class="compact"
              label={`Set it again…: ${name}, as ${subject.after === null ? 'before' : 'by'} revision ${revision.revision}`}
              onClick={() => setOpen(name)}
            >
              Set it again…
            </Act>
            {isOpen && rrset && <RecordAgain rrset={rrset} onClose={onClose} />}
            {isOpen && service && <ServiceForm from={service} onClose={onClose} />}
            {isOpen && weights && <WeightsAgain name={name} of={revision} to={weights} onClose={onClose} />}
          </div>
        );
      })}
    </>
  );
}

/** The weights that were in force after a revision; its dialog says what that comes to now. */
function WeightsAgain(props: { name: string; of: Revision; to: Weights; onClose: () => void }) {
  const { name, of, to, onClose } = props;
  const path = `/v1/services/${segment(name)}`;
  const service = useResource<Service>(path, { on: concerns(name) });
  const active = useResource<Page<Release>>(`${path}/releases?state=active`, { on: concerns(name) });
  const failure = service.failure ?? active.failure;
  useEffect(() => {
    if (failure === undefined) return;
    note('failed', plainText(failure));
    onClose();
  }, [failure]);
  if (service.body === undefined || active.body === undefined) return null;
  return (
    <ConfirmRollback
      service={service.body}
      of={service}
      target={to}
      active={active.body.items[0]}
      revision={of.revision}
      onClose={onClose}
    />
  );
}

/** The log does not say of which zone the record was: it is the longest that holds its name now. */
function RecordAgain({ rrset, onClose }: { rrset: Omit<RRset, 'zone' | 'revision'>; onClose: () => void }) {
  const [zone, setZone] = useState<string>();
  useEffect(() => {
    void zoneOf(rrset.name).then((found) => {
      setZone(found);
      if (found !== undefined) return;
      note('failed', `No zone here holds ${rrset.name} any more: make the zone first.`);
      onClose();
    });
  }, []);
  if (zone === undefined) return null;
  return <RecordForm zone={zone} from={{ ...rrset, zone, revision: 0 }} onClose={onClose} onDone={() => {}} />;
}

async function zoneOf(name: string): Promise<string | undefined> {
  // A dot within a label is escaped.
  const labels = name.split(/(?<!\\)\./);
  for (let from = 0; from < labels.length; from++) {
    const reply = await call<Zone>(`/v1/zones/${segment(labels.slice(from).join('.'))}`);
    if (reply.ok) return reply.body.name;
    if (reply.failure.status !== 404) return undefined;
  }
  return undefined;
}
