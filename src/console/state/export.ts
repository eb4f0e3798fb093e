/** What is looked for in the activity, all of it, as a file. */
import type { Page, Revision } from '../../contract/types.ts';
import type { Failure } from '../api/reply.ts';
import { type AskedActivity, activityPath } from '../rules/activity.ts';
import { call } from './session.ts';

/** What one request brings, and how many are made: a browser holds the file in memory. */
const PAGE = 1000;
const PAGES_MAX = 200;

/** undefined: it was given to the browser to be kept. */
export async function exportActivity(asked: AskedActivity, format: 'csv' | 'json'): Promise<Failure | undefined> {
  const parts: string[] = [];
  const revisions: Revision[] = [];
  let after: string | undefined = '';
  for (let page = 0; after !== undefined && page < PAGES_MAX; page++) {
    const path = activityPath({ ...asked, after }, PAGE);
    if (format === 'json') {
      const reply = await call<Page<Revision>>(path);
      if (!reply.ok) return reply.failure;
      revisions.push(...reply.body.items);
      after = reply.body.next;
    } else {
      const reply = await call<string>(`${path}&format=csv`, { accept: 'text' });
      if (!reply.ok) return reply.failure;
      // Each page has the head; the file has it once.
      parts.push(page === 0 ? reply.body : reply.body.slice(reply.body.indexOf('\r\n') + 2));
      after = reply.next;
    }
  }
  const isJson = format === 'json';
  const blob = isJson
    ? new Blob([JSON.stringify(revisions, null, 2)], { type: 'application/json' })
    : new Blob(parts, { type: 'text/csv' });
  save(blob, `teal-activity.${format}`);
  return undefined;
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has begun to read it by the next turn.
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
