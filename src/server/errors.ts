/** Why a start fails, as the command line tells it. */
import { Problem } from '../model/errors.ts';

/** Why the server cannot start; the message is one line for the operator. */
export class StartError extends Error {}

/** The reason lies in the settings: in what they say, or in a file that they name. */
export class SettingsError extends StartError {}

/** The result, or a start that ends. */
export function mustWork<Result>(result: Result | Problem): Exclude<Result, Problem> {
  if (result instanceof Problem) throw new StartError(result.detail);
  return result as Exclude<Result, Problem>;
}
