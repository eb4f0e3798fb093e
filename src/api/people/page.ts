/** The page that says why a sign-in came to nothing, and what to do: whole in itself, since it may be all that works. */
import { createHash } from 'node:crypto';
import type { Failed } from '../../control/people/people.ts';

const STYLE = [
  ':root{color-scheme:light dark;background:light-dark(#fff,#111827);color:light-dark(#111827,#f3f4f6)}',
  'body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:12vh auto 2rem;padding:0 1rem;overflow-wrap:anywhere}',
  'h1{font-size:1.4rem;line-height:1.25}',
  'a{display:inline-block;padding:.5rem 0;margin-right:1.5rem;color:light-dark(#1d4ed8,#93c5fd)}',
].join('');

/** Nothing but these words, in this style; nothing is asked for, sent or framed. */
export const FAILED_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface Words {
  readonly status: number;
  readonly title: string;
  readonly advice: string;
}

const words: Readonly<Record<Failed['kind'], Words>> = {
  unreachable: {
    status: 502,
    title: 'The sign-in service cannot be asked',
    advice: 'Try again in a minute. Tokens are good all the same: whoever has one may sign in with it.',
  },
  refused: {
    status: 403,
    title: 'The sign-in service refused',
    advice:
      'Try again; if it stays, ask those who run the sign-in service, or this server, whether its client id and secret are right.',
  },
  unbelievable: {
    status: 502,
    title: 'What the sign-in service said does not hold',
    advice:
      'Nobody is signed in by it. Those who run this server should look at its clock, at console.oidc.issuer, and at the keys of the sign-in service. Tokens are good all the same.',
  },
  stale: {
    status: 400,
    title: 'This sign-in is over',
    advice: 'Begin again, and finish it in the same browser.',
  },
  powerless: {
    status: 403,
    title: 'You may not do anything here',
    advice:
      'Ask those who run this server to give one of your groups a role in console.oidc.groups, or to put you into one that has it; then sign in again.',
  },
  busy: {
    status: 503,
    title: 'Too many sign-ins at once',
    advice: 'Try again in a minute.',
  },
};

/** `label`: of the provider. `requestId`: leads to the line in the log. */
export function failedPage(
  { kind, reason }: Failed,
  { label, requestId }: { label: string; requestId: string },
): { readonly status: number; readonly html: string } {
  const { status, title, advice } = words[kind];
  const html = [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${escaped(title)} – Teal</title>`,
    `<style>${STYLE}</style>`,
    '<main>',
    `<h1>${escaped(title)}</h1>`,
    `<p>Sign in with ${escaped(label)}: ${escaped(reason)}.</p>`,
    `<p>${escaped(advice)}</p>`,
    '<p><a href="sign-in">Sign in again</a><a href="../">Sign in with a token</a></p>',
    `<p><small>Request ${escaped(requestId)}, in the log of this server.</small></p>`,
    '</main>',
    '</html>',
  ].join('\n');
  return { status, html };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (each) => ENTITIES[each] as string);
}
