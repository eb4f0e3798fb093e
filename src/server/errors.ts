/** Why a start fails, as the command line tells it. */
import { Problem, StoreUnavailable } from '../model/errors.ts';
import { ListenError } from '../sockets/open.ts';
import { StoreError } from '../store/error.ts';

/** Why the server cannot start; the message is one line for the operator. */
export class StartError extends Error {}

/** The reason lies in the settings: in what they say, or in a file that they name. */
export class SettingsError extends StartError {}

/** A process of two planes ended before it was ready. It has said why itself, where it could. */
export class PlaneEnded extends StartError {
  readonly code: number | null;

  constructor(plane: string, { code, signal }: { readonly code: number | null; readonly signal: string | null }) {
    const why = signal === 'SIGKILL' ? `${signal}, which the kernel sends where memory runs out` : signal;
    super(`the ${plane} process ended before it was ready: ${why ?? `exit code ${code}`}`);
    this.code = code;
  }
}

/** The same error, as one that is told to operators in one line where it is one for them. */
export function asStartError(error: unknown): unknown {
  const isForOperators =
    error instanceof StoreError || error instanceof StoreUnavailable || error instanceof ListenError;
  return isForOperators ? new StartError(error.message, { cause: error }) : error;
}

/** What `load` gives. What the store holds can be damaged in more ways than reads find out. */
export async function mustLoad<Result>(directory: string, load: () => Promise<Result>): Promise<Result> {
  try {
    return await load();
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
