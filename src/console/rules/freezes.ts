/** Freezes as the console says them, and their windows as a form edits them. Pure. */
import type { Freeze, FreezeOutlook } from '../../contract/types.ts';
import { labelsOf, labelsText, wordsOf } from './lists.ts';

type Window = Freeze['windows'][number];

/** `Fri 16:00 – Mon 08:00, 2026-12-20T00:00 – 2027-01-03T00:00`. */
export function windowsText(windows: readonly Window[]): string {
  return windows.map(({ from, to }) => `${shown(from)} – ${shown(to)}`).join(', ');
}

/** A date with a time as people write it. */
function shown(time: string): string {
  return time.replace(/(?<=\d)T/, ' ');
}

/** For what it is, in a few words. */
export function reachText({
  services = [],
  zones = [],
  labels = {},
}: Pick<Freeze, 'services' | 'zones' | 'labels'>): string {
  const named = [
    ...(services.length > 0 ? [`services ${services.join(', ')}`] : []),
    ...(zones.length > 0 ? [`zones ${zones.join(', ')}`] : []),
  ];
  const labelled = labelsText(labels, ', ');
  return `${named.length === 0 ? 'everything' : named.join(' and ')}${labelled === '' ? '' : ` with ${labelled}`}`;
}

export const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

/** A window in the fields of a form. */
export interface WindowFields {
  readonly kind: 'weekly' | 'once';
  readonly fromDay: string;
  readonly fromTime: string;
  readonly toDay: string;
  readonly toTime: string;
  /** As a field of dates and times has them: `2026-12-20T00:00`. */
  readonly from: string;
  readonly to: string;
}

/** What people freeze first. */
export const WEEKEND: WindowFields = {
  kind: 'weekly',
  fromDay: 'Fri',
  fromTime: '16:00',
  toDay: 'Mon',
  toTime: '08:00',
  from: '',
  to: '',
};

function windowFields({ from, to }: Window): WindowFields {
  const [first, last] = [from, to].map((text) => /^([A-Z][a-z]{2}) (\d\d:\d\d)$/.exec(text));
  if (!first || !last) return { ...WEEKEND, kind: 'once', from, to };
  const [fromDay = '', fromTime = ''] = first.slice(1);
  const [toDay = '', toTime = ''] = last.slice(1);
  return { ...WEEKEND, fromDay, fromTime, toDay, toTime };
}

function windowOf({ kind, fromDay, fromTime, toDay, toTime, from, to }: WindowFields): Window {
  return kind === 'once' ? { from, to } : { from: `${fromDay} ${fromTime}`, to: `${toDay} ${toTime}` };
}

export interface FreezeFields {
  readonly timeZone: string;
  readonly windows: readonly WindowFields[];
  readonly services: string;
  readonly zones: string;
  readonly labels: string;
  readonly ownLabels: string;
  readonly message: string;
}

/** `timeZone`: of one that is new. */
export function freezeFields(freeze: Freeze | undefined, timeZone: string): FreezeFields {
  const { windows, services = [], zones = [], labels, ownLabels, message = '' } = freeze ?? {};
  return {
    timeZone: freeze?.timeZone ?? timeZone,
    windows: windows?.map(windowFields) ?? [WEEKEND],
    services: services.join(' '),
    zones: zones.join(' '),
    labels: labelsText(labels),
    ownLabels: labelsText(ownLabels),
    message,
  };
}

/** The body that the fields come to; what is wrong with it the server says. `before`: what it is to be put in place of. */
export function freezeBodyOf(fields: FreezeFields, before?: Pick<Freeze, 'ownLabels'>) {
  const { timeZone, windows, services, zones, labels, message } = fields;
  const [ofServices, ofZones] = [wordsOf(services), wordsOf(zones)];
  const labelled = labelsOf(labels);
  const own = labelsOf(fields.ownLabels);
  return {
    timeZone: timeZone.trim(),
    windows: windows.map(windowOf),
    ...(ofServices.length > 0 && { services: ofServices }),
    ...(ofZones.length > 0 && { zones: ofZones }),
    ...(Object.keys(labelled).length > 0 && { labels: labelled }),
    // Left out they would stay.
    ...((Object.keys(own).length > 0 || before?.ownLabels !== undefined) && { ownLabels: own }),
    ...(message.trim() !== '' && { message: message.trim() }),
  };
}

/** Without what somebody has not typed yet there is nothing to ask the server. */
export function isWhole({ windows }: FreezeFields): boolean {
  return windows.every(({ kind, from, to, fromTime, toTime }) =>
    kind === 'once' ? from !== '' && to !== '' : fromTime !== '' && toTime !== '',
  );
}

/** What a freeze is, that a form's body can be held against. */
export function settingsShown(freeze: Freeze | undefined): object | undefined {
  if (freeze === undefined) return undefined;
  const { timeZone, windows, services, zones, labels, ownLabels, message } = freeze;
  return { timeZone, windows, services, zones, labels, ownLabels, message };
}

/** Where a window stands on a line of time from now to the end of the last one: per cent. */
export function barsOf(coming: FreezeOutlook['coming'], nowMs: number): { left: number; width: number }[] {
  const endMs = Math.max(...coming.map(({ to }) => Date.parse(to)));
  const per = (ms: number): number => (100 * Math.max(0, ms - nowMs)) / (endMs - nowMs);
  return coming.map(({ from, to }) => {
    const left = per(Date.parse(from));
    return { left, width: Math.max(0.5, per(Date.parse(to)) - left) };
  });
}
