/** Copies a text for whoever pastes it elsewhere, and says that it did. */
import { note } from './announce.ts';

/** `what`: in the words of a sentence's beginning. */
export async function copyText(text: string, what: string): Promise<void> {
  const isCopied = (await toClipboard(text)) || bySelection(text);
  if (isCopied) note('done', `${what} was copied.`);
  else note('failed', `${what} was not copied: the browser does not let this page. Select it, and copy it by keys.`);
}

/** Browsers have it over TLS and on loopback only. */
async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** The way of old, for plain HTTP behind a proxy. */
function bySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'hidden-text';
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  return isCopied;
}
