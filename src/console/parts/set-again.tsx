/** What a revision deleted, set again: the form of the record or service, filled with what it was. */
import { useEffect, useState } from 'preact/hooks';
import type { Revision, RRset, Zone } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { deletedRRset, deletedService } from '../rules/differences.ts';
import { note } from '../state/announce.ts';
import { call } from '../state/session.ts';
import { RecordForm } from './record-form.tsx';
import { ServiceForm } from './service-form.tsx';

/** A button for each record and service that the revision deleted. */
export function SetAgain({ revision }: { revision: Revision }) {
  const [open, setOpen] = useState<string>();
  return (
    <>
      {revision.subjects.map((subject) => {
        const { kind, name } = subject;
        const rrset = deletedRRset(subject);
        const service = deletedService(subject);
        if (rrset === undefined && service === undefined) return null;
        const isOpen = open === name;
        const onClose = (): void => setOpen(undefined);
        return (
          <div key={`${kind} ${name}`}>
            <button
              type="button"
              class="compact"
              aria-label={`Set it again…: ${name}, as before revision ${revision.revision}`}
              onClick={() => setOpen(name)}
            >
              Set it again…
            </button>
            {isOpen && rrset && <RecordAgain rrset={rrset} onClose={onClose} />}
            {isOpen && service && <ServiceForm from={service} onClose={onClose} />}
          </div>
        );
      })}
    </>
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
