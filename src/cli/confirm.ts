/** A question before something is changed: nobody is asked where nobody can answer. */
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import type { Session } from './session.ts';

/** Throws Failure unless somebody says yes. `what`: what `--yes` would do, and what else can be done. */
export async function confirm(
  { shell }: Session,
  question: string,
  what: string,
  not = 'nothing was changed',
): Promise<void> {
  if (!shell.canAsk) throw new Failure(EXIT.USAGE, `nobody can be asked here: add --yes to ${what}`);
  const answer = await shell.ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new Failure(EXIT.NEGATIVE, not);
}
