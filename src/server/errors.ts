/** Why a start fails, as the command line tells it. */
import { Problem, StoreUnavailable } from '../model/errors.ts';

/** Why the server cannot start; the message is one line for the operator. */
export class StartError extends Error {}

/** The reason lies in the settings: in what they say, or in a file that they name. */
export class SettingsError extends StartError {}

/** What `load` gives. What the store holds can be damaged in more ways than reads find out. */
export function mustLoad<Result>(directory: string, load: () => Result): Result {
  try {
    return load();
  } catch (error) {
    if (error instanceof StartError) throw error;
    const why =
      error instanceof StoreUnavailable
        ? error.message
        : `it is damaged, or teal has a fault: ${(error as Error).message}`;
    throw new StartError(`the store in ${directory} cannot be loaded: ${why}; teal restore brings a backup back`, {
      cause: error,
    });
  }
}

/** The result, or a start that ends. */
export function mustWork<Result>(result: Result | Problem): Exclude<Result, Problem> {
  if (result instanceof Problem) throw new StartError(result.detail);
  return result as Exclude<Result, Problem>;
}
