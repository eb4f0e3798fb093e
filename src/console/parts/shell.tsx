/** The frame around every page: where one is, whether the server is there, what was done. */
import type { ComponentChildren } from 'preact';
import icon from '../icon.svg';
import { dismiss, notes, spoken } from '../state/announce.ts';
import { fleet } from '../state/fleet.ts';
import { openPalette } from '../state/keys.ts';
import { type LiveState, lastWordMs, liveState, lostSinceMs, nextAttemptMs, tryNow } from '../state/live.ts';
import { hrefOf, type Route } from '../state/router.ts';
import { leave } from '../state/session.ts';
import { applyTheme, type Theme, theme } from '../state/theme.ts';
import { readAll, unreadSinceMs } from '../state/unread.ts';
import { Clock } from './clock.tsx';
import { FleetSign, StaleBanner } from './fleet-sign.tsx';
import { useNow } from './now.ts';
import { SelfSign, ServerSign } from './self-sign.tsx';

const pages = [
  { page: 'services', text: 'Services', holds: ['services', 'service'] },
  { page: 'zones', text: 'Zones', holds: ['zones', 'zone', 'import'] },
  { page: 'log', text: 'Activity', holds: ['log'] },
  { page: 'freezes', text: 'Freezes', holds: ['freezes'] },
  { page: 'webhooks', text: 'Webhooks', holds: ['webhooks'] },
  { page: 'tokens', text: 'Tokens', holds: ['tokens'] },
  { page: 'fleet', text: 'Fleet', holds: ['fleet'] },
] as const;

export function Shell({ route, children }: { route: Route; children: ComponentChildren }) {
  return (
    <>
      <button type="button" class="primary skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <div class="top-inner">
          <a class="brand" href={hrefOf({ page: 'services' })}>
            <img src={icon} alt="" width="26" height="26" />
            Teal
          </a>
          <ServerSign />
          <nav aria-label="Pages">
            <ul>
              {pages
                .filter(({ page }) => page !== 'fleet' || fleet.value !== undefined)
                .map(({ page, text, holds }) => (
                  <li key={page}>
                    <a
                      href={hrefOf({ page })}
                      aria-current={holds.some((one) => one === route.page) ? 'page' : undefined}
                    >
                      {text}
                    </a>
                  </li>
                ))}
            </ul>
          </nav>
          <div class="top-tools">
            <FleetSign />
            <LiveSign />
            <button type="button" class="plain compact" title="Ctrl K; ? has all keys" onClick={openPalette}>
              Find
            </button>
            <ThemeChoice />
            <SelfSign />
            <button type="button" class="plain compact" onClick={() => void leave()}>
              Sign out
            </button>
          </div>
        </div>
        <LostBanner />
        <UnreadBanner />
        <StaleBanner />
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

const liveTexts: Record<LiveState | 'behind', string> = {
  connecting: 'Connecting',
  live: 'Live',
  silent: 'No word',
  lost: 'Server lost',
  absent: 'Not live',
  behind: 'Not up to date',
};

function LiveSign() {
  const isBehind = liveState.value === 'live' && unreadSinceMs.value !== undefined;
  const state = isBehind ? 'behind' : liveState.value;
  const now = useNow(state === 'silent');
  const silentSeconds = Math.max(0, Math.floor((now - lastWordMs.value) / 1000));
  return (
    <span class="live" data-state={state} title={state === 'absent' ? 'This server sends no events.' : undefined}>
      {state === 'silent' ? `No word for ${silentSeconds} s` : liveTexts[state]}
    </span>
  );
}

function ThemeChoice() {
  return (
    <select
      aria-label="Colours"
      value={theme.value}
      onChange={(event) => applyTheme(event.currentTarget.value as Theme)}
    >
      <option value="auto">Auto</option>
      <option value="light">Light</option>
      <option value="dark">Dark</option>
    </select>
  );
}

/** Says that what is shown may be old, since when, and what is done about it. */
function LostBanner() {
  const since = lostSinceMs.value;
  const now = useNow(since !== undefined);
  if (since === undefined) return null;
  const wait = Math.max(0, Math.ceil(((nextAttemptMs.value ?? now) - now) / 1000));
  return (
    <div class="banner">
      <p>
        <span role="alert">
          <strong>The server does not answer.</strong> You see what was in force at <Clock at={since} />.
        </span>{' '}
        <span class="quiet">{wait > 0 ? `Next attempt in ${wait} s.` : 'Trying now…'}</span>
      </p>
      <button type="button" class="compact" onClick={tryNow}>
        Try now
      </button>
    </div>
  );
}

/** Events come, and what they tell of cannot be read: what is shown may be old, however live the stream is. */
function UnreadBanner() {
  const since = unreadSinceMs.value;
  // That says more.
  if (since === undefined || lostSinceMs.value !== undefined) return null;
  return (
    <div class="banner">
      <p>
        <span role="alert">
          <strong>Not all that you see is up to date.</strong> It was asked for and did not come; you see what was in
          force at <Clock at={since} />.
        </span>{' '}
        <span class="quiet">It is asked for again until it comes.</span>
      </p>
      <button type="button" class="compact" onClick={readAll}>
        Try now
      </button>
    </div>
  );
}

/** What was done or refused, for a while; spoken too. */
export function Notes() {
  return (
    <>
      <div class="hidden-text" role="status" aria-live="polite">
        {spoken}
      </div>
      <div class="notes">
        {notes.value.map(({ id, kind, text }) => (
          <div key={id} class="note" data-kind={kind}>
            <p>{text}</p>
            <button type="button" class="plain compact" aria-label={`Dismiss: ${text}`} onClick={() => dismiss(id)}>
              ✕
            </button>
          </div>
        ))}
      </div>
    </>
  );
}
