/** What is said of a change, on its way to the server and back. Pure. */

/** As it is typed; several links have blanks between them. */
export interface Typed {
  readonly reason: string;
  readonly links: string;
}

/** The headers by which every write takes it; a URL keeps what it has percent-encoded. */
export function whyHeaders({ reason, links }: Typed): Record<string, string> {
  const said = reason.trim().toWellFormed();
  const urls = links.trim().toWellFormed().replace(/\s+/g, ' ');
  return {
    ...(said !== '' && { 'teal-reason': encodeURIComponent(said) }),
    ...(urls !== '' && { 'teal-links': urls.replace(/[^\x20-\x7e]/gu, encodeURIComponent) }),
  };
}

/** Whether a browser may follow it: whatever a server sends, `javascript:` never becomes a link. */
export function isLink(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
