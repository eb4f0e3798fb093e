/** A build of Teal that does not wait for the other nodes of a fleet before its 2xx: for checkers that are to see it. */

const MODULE = `
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith('/model/fleet/confirmation.ts')) return loaded;
    const source = String(loaded.source);
    const mutated = source.replace(/const late = \\[\\.\\.\\.wait\\.waitingFor\\].*;/, 'const late: string[] = [];');
    if (mutated === source) throw new Error('the wait is not where it was');
    return { ...loaded, source: mutated };
  },
});`;

/** For NODE_OPTIONS: loaded before all else. */
export const WITHOUT_THE_WAIT = `--import=data:text/javascript,${encodeURIComponent(MODULE)}`;
