/** The console: a page and its files at `/`, as the build made them; they hold no secret and need no token. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply } from 'fastify';
import { Problem } from '../model/errors.ts';
import { openToAll } from './access.ts';
import type { Api, ApiInstance } from './parts.ts';
import { sendProblem } from './problems.ts';

/** Files under assets/ have a hash of their content in their name: what a name holds never changes. */
const FOREVER = 'public, max-age=31536000, immutable';

/**
 * Only what this server sends may run, style or be asked, and nothing may be written into the page as text that runs.
 * The console needs no frame, no form target, no worker, no font.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** The page needs none of a browser's powers. */
const PERMISSIONS = 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()';

export const consolePages: Api = {
  isDocumented: false,
  routes(api, { options }) {
    openToAll(api, { isNamed: true });
    if (options.consoleFolder !== undefined) addPages(api, options.consoleFolder);
  },
};

/** `folder`: where the build put the page. */
function addPages(api: ApiInstance, folder: string): void {
  if (!existsSync(join(folder, 'index.html'))) {
    api.get('/', (_request, reply) => sendProblem(reply, notBuilt));
    return;
  }
  api.register(fastifyStatic, {
    root: folder,
    // A route for each file, so that any other path is refused as everywhere else.
    wildcard: false,
    globIgnore: ['**/*.br', '**/*.gz'],
    preCompressed: true,
    cacheControl: false,
    decorateReply: false,
    setHeaders: (reply, path) => setPageHeaders(reply, isHashed(path)),
  });
}

/** What every reply has already (app.ts) stays, save what a page must be allowed. */
function setPageHeaders(reply: FastifyReply, isForever: boolean): void {
  reply.headers({
    'cache-control': isForever ? FOREVER : 'no-cache',
    'content-security-policy': PAGE_POLICY,
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': PERMISSIONS,
    // For browsers that do not know frame-ancestors.
    'x-frame-options': 'DENY',
  });
}

function isHashed(path: string): boolean {
  return basename(dirname(path)) === 'assets';
}

const notBuilt = new Problem('route_unknown', 'The console is not built: `npm run build:console`, then start again.');
