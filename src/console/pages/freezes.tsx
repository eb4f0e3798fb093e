/** Freezes and approvals: what waits for somebody or its time, and the times in which no traffic is moved forward. */
import { useState } from 'preact/hooks';
import type { Freeze, Page } from '../../contract/types.ts';
import { Act } from '../parts/act.tsx';
import { NotDone, Proposals } from '../parts/agreement.tsx';
import { Badge, Card, Empty, Loaded, PageHead } from '../parts/controls.tsx';
import { FreezeForm } from '../parts/freeze-form.tsx';
import { ComingOf } from '../parts/outlook.tsx';
import { Remove } from '../parts/remove.tsx';
import { momentText } from '../rules/format.ts';
import { reachText, settingsShown, windowsText } from '../rules/freezes.ts';
import { labelsText } from '../rules/lists.ts';
import { useResource } from '../state/resource.ts';

/** All that there may be. */
const PAGE = 100;
/** They begin and end by the clock, and no event tells of it. */
const LOOK_MS = 30_000;

type Open = { readonly what: 'new' } | { readonly what: 'edit' | 'delete'; readonly freeze: Freeze };

export function FreezesPage() {
  const freezes = useResource<Page<Freeze>>(`/v1/freezes?limit=${PAGE}`, {
    on: ({ kind }) => kind === 'revision',
    settleMs: 500,
    everyMs: LOOK_MS,
  });
  const [open, setOpen] = useState<Open>();
  const close = (): void => setOpen(undefined);
  return (
    <>
      <PageHead
        title="Freezes and approvals"
        facts={
          <span>What waits for somebody or for its time, and the times in which no traffic is moved forward.</span>
        }
        tools={
          <Act needs="server" class="primary" onClick={() => setOpen({ what: 'new' })}>
            New freeze
          </Act>
        }
      />
      <div class="stack">
        <Proposals isAlways />
        <NotDone />
        <Loaded of={freezes} lines={4}>
          {({ items }) =>
            items.length === 0 ? (
              <div class="card">
                <Empty title="No freeze yet">
                  <p>
                    A freeze is a part of each week, or some days, in which shifts and releases are refused: no releases
                    at weekends. Rollback, abort and forced health work all the same.
                  </p>
                </Empty>
              </div>
            ) : (
              items.map((freeze) => <FreezeCard key={freeze.name} freeze={freeze} onOpen={setOpen} />)
            )
          }
        </Loaded>
      </div>
      {open?.what === 'new' && <FreezeForm onClose={close} onDone={() => void freezes.reload()} />}
      {open?.what === 'edit' && (
        <FreezeForm freeze={open.freeze} onClose={close} onDone={() => void freezes.reload()} />
      )}
      {open?.what === 'delete' && (
        <Remove kind="freeze" item={open.freeze} of={freezes} shown={settingsShown} onClose={close}>
          {({ windows, timeZone, active }) => (
            <>
              Shifts and releases are no longer refused {windowsText(windows)} {timeZone}.
              {active && ' It is on: releases that wait for its end go on at once.'}
            </>
          )}
        </Remove>
      )}
    </>
  );
}

function standingText({ active, until, begins }: Freeze): string {
  if (active) return until === null ? 'on, without an end' : `on until ${momentText(until)}`;
  return begins === null ? 'over' : `off, next on ${momentText(begins)}`;
}

function FreezeCard({ freeze, onOpen }: { freeze: Freeze; onOpen: (open: Open) => void }) {
  const { name, message, active, windows, timeZone, ownLabels = {} } = freeze;
  const [isOpen, setOpen] = useState(false);
  return (
    <Card
      title={name}
      tools={
        <div class="row">
          <Act needs="server" class="compact" label={`Edit ${name}`} onClick={() => onOpen({ what: 'edit', freeze })}>
            Edit
          </Act>
          <Act
            needs="server"
            class="compact"
            label={`Delete… ${name}`}
            onClick={() => onOpen({ what: 'delete', freeze })}
          >
            Delete…
          </Act>
        </div>
      }
    >
      <p>
        <Badge tone={active ? 'warn' : undefined}>{standingText(freeze)}</Badge>
      </p>
      {message !== undefined && (
        <p>
          <bdi>{message}</bdi>
        </p>
      )}
      <p class="small">
        {windowsText(windows)} <strong>{timeZone}</strong>; for {reachText(freeze)}.
      </p>
      {Object.keys(ownLabels).length > 0 && (
        <p class="quiet small">
          Its own labels: <bdi>{labelsText(ownLabels, ', ')}</bdi>
        </p>
      )}
      <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>When it is on next</summary>
        {isOpen && <ComingOf body={{ windows, timeZone }} />}
      </details>
    </Card>
  );
}
