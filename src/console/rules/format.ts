/**
 * Times and numbers for people. Times are in UTC and say so: those of the server's own sentences, of its log and of its
 * command line are too, and two zones on one card are one too many at three in the morning.
 */

/** `12:03:05 UTC`. */
export function clockText(at: string | number): string {
  return `${new Date(at).toISOString().slice(11, 19)} UTC`;
}

/** With the date where it is not that of now, as the server's sentences have it. */
export function timeText(at: string | number, nowMs: number): string {
  const isToday = momentText(at).slice(0, 10) === momentText(nowMs).slice(0, 10);
  return isToday ? clockText(at) : momentText(at);
}

/** `2026-01-31 12:03:05 UTC`. */
export function momentText(at: string | number): string {
  return `${new Date(at).toISOString().slice(0, 10)} ${clockText(at)}`;
}

/** The same moment where the browser is, in the words of its language, for a title: `31 Jan 2026, 13:03:05 GMT+1`. */
export function localText(at: string | number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' }).format(new Date(at));
}

/** For a title: in UTC, and where the browser is. */
export function bothText(at: string | number): string {
  return `${momentText(at)}; here: ${localText(at)}`;
}

/** `3 s`, `4 min 05 s`, `2 h 10 min`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60)
    return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} days`;
}

/** `just now`, `4 min ago`; a clock that differs a little from the server's is not shown as the future. */
export function agoText(at: string | number, nowMs: number): string {
  const seconds = (nowMs - new Date(at).getTime()) / 1000;
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  return seconds < 3600
    ? `${Math.floor(seconds / 60)} min ago`
    : seconds < 86_400
      ? `${Math.floor(seconds / 3600)} h ago`
      : `${Math.floor(seconds / 86_400)} d ago`;
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
