/** What opens over every page: a field that finds services, zones and pages by a part of their name, and the keys. */
import { useState } from 'preact/hooks';
import type { Overview, Page, Zone } from '../../contract/types.ts';
import { KEYS } from '../rules/keys.ts';
import { overlay } from '../state/keys.ts';
import { useResource } from '../state/resource.ts';
import { hrefOf } from '../state/router.ts';
import { useSettled } from '../state/search.ts';
import { Dialog } from './controls.tsx';

/** Of each kind; who sees more than these types more. */
const FOUND_MAX = 8;

const pages = [
  { text: 'Services', href: hrefOf({ page: 'services' }) },
  { text: 'Zones', href: hrefOf({ page: 'zones' }) },
  { text: 'Activity', href: hrefOf({ page: 'log' }) },
  { text: 'Freezes and approvals', href: hrefOf({ page: 'freezes' }) },
  { text: 'Webhooks', href: hrefOf({ page: 'webhooks' }) },
  { text: 'Tokens', href: hrefOf({ page: 'tokens' }) },
];

/** By itself a field of this type is one only with a list of the browser's. */
function comboboxOf(isOpen: boolean, chosen: number): object {
  const list = { 'aria-expanded': isOpen, 'aria-controls': 'palette-list' };
  return { role: 'combobox', ...list, ...(isOpen && { 'aria-activedescendant': `palette-${chosen}` }) };
}

interface Entry {
  readonly kind: 'Page' | 'Service' | 'Zone';
  readonly text: string;
  readonly href: string;
}

export function Overlays() {
  const close = (): void => {
    overlay.value = undefined;
  };
  if (overlay.value === 'palette') return <Palette onClose={close} />;
  return overlay.value === 'help' ? <KeysHelp onClose={close} /> : null;
}

function Palette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const entries = useEntries(typed);
  const chosen = Math.min(at, entries.length - 1);
  const go = (entry: Entry | undefined): void => {
    if (entry === undefined) return;
    onClose();
    location.hash = entry.href;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && entries.length > 0) setAt((chosen + step + entries.length) % entries.length);
    else if (event.key === 'Enter') go(entries[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Go to" onClose={onClose}>
      <input
        type="search"
        {...comboboxOf(entries.length > 0, chosen)}
        aria-label="A part of its name"
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id="palette-list" class="palette" role="listbox" aria-label="Found">
        {entries.map((entry, i) => (
          <div
            key={entry.href}
            id={`palette-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === chosen}
            onClick={() => go(entry)}
            onKeyDown={onKeyDown}
          >
            <bdi>{entry.text}</bdi> <span class="quiet small">{entry.kind}</span>
          </div>
        ))}
      </div>
      {entries.length === 0 && (
        <p class="quiet" role="status">
          Nothing has “{typed}” in its name.
        </p>
      )}
    </Dialog>
  );
}

function useEntries(typed: string): Entry[] {
  const wanted = typed.trim().toLowerCase();
  const asked = useSettled(wanted);
  const query = `limit=${FOUND_MAX}&q=${encodeURIComponent(asked)}`;
  const services = useResource<Overview>(asked === '' ? undefined : `/v1/overview?${query}`);
  const zones = useResource<Page<Zone>>(asked === '' ? undefined : `/v1/zones?${query}`);
  const found = wanted === '' ? [] : (services.body?.items ?? []);
  const named = wanted === '' ? [] : (zones.body?.items ?? []);
  return [
    ...pages
      .filter(({ text }) => text.toLowerCase().includes(wanted))
      .map((page) => ({ kind: 'Page' as const, ...page })),
    ...found.map(({ service: { name } }) => ({
      kind: 'Service' as const,
      text: name,
      href: hrefOf({ page: 'service', name }),
    })),
    ...named.map(({ name }) => ({ kind: 'Zone' as const, text: name, href: hrefOf({ page: 'zone', name }) })),
  ];
}

function KeysHelp({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {KEYS.map(({ keys, does }) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <div class="row-end">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
