/** Which page is shown, and where on it one was: kept with the entry of the history, so that Back leads there. */
import { signal } from '@preact/signals';
import { hrefOf, type List, type Route, routeOf } from './router.ts';

export const route = signal<Route>(routeOf(location.hash));

/** Another filter of the list that is shown: the address says it, and Back leads past it. */
export function narrow(page: List, query: string): void {
  history.replaceState(history.state, '', hrefOf({ page, query }));
  route.value = routeOf(location.hash);
}

/** Between two notes of where one is. */
const NOTE_MS = 100;
/** What is shown comes from the server: so long it is waited for until the page is as long as it was. */
const RESTORE_MAX_MS = 3000;

let timer: ReturnType<typeof setTimeout> | undefined;
let restoring: ReturnType<typeof setInterval> | undefined;

/** From now on each entry of the history knows its place. */
export function keepPlaces(): void {
  history.scrollRestoration = 'manual';
  addEventListener('scroll', () => {
    if (restoring !== undefined) return;
    timer ??= setTimeout(notePlace, NOTE_MS);
  });
  // Whoever follows a link leaves the place where he is now.
  addEventListener('click', notePlace, { capture: true });
  for (const kind of ['wheel', 'touchstart', 'keydown']) addEventListener(kind, stopRestoring, { passive: true });
  addEventListener('hashchange', () => {
    clearTimeout(timer);
    timer = undefined;
    route.value = routeOf(location.hash);
    restore();
  });
  restore();
}

function notePlace(): void {
  clearTimeout(timer);
  timer = undefined;
  history.replaceState({ ...history.state, top: scrollY }, '');
}

function restore(): void {
  stopRestoring();
  const top = Number(history.state?.top ?? 0);
  const untilMs = Date.now() + RESTORE_MAX_MS;
  const look = (): void => {
    const isLong = document.documentElement.scrollHeight - innerHeight >= top;
    scrollTo(0, top);
    if (isLong || Date.now() > untilMs) stopRestoring();
  };
  restoring = setInterval(look, NOTE_MS / 2);
  scrollTo(0, top);
}

function stopRestoring(): void {
  clearInterval(restoring);
  restoring = undefined;
}
