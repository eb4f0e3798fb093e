/** Looks after the store: what fails is said once, and whether it works again is found out without a request or a restart. */
import type { Engine } from '../control/engine.ts';
import { everyMs } from '../guard.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/sqlite.ts';

/** How often is looked: a look is a few microseconds while all is well, and one small write while it is not. */
const LOOK_MS = 1000;

/** Returns how to stop looking. */
export function watchStore(store: Store, engine: Pick<Engine, 'recover'>, log: Logger): () => void {
  let isLogged = false;
  const look = (): void => {
    store.check();
    const failure = store.failure === undefined ? undefined : store.tryAgain();
    if (failure === undefined) engine.recover();
    if (failure !== undefined && !isLogged) {
      log.error({ code: failure.code }, `changes are refused, answers go on: ${failure.detail}`);
    } else if (failure === undefined && isLogged) log.info('the store can be used again');
    isLogged = failure !== undefined;
  };
  const timer = everyMs('the look after the store', LOOK_MS, look);
  return () => clearInterval(timer);
}
