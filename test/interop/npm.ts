/** npm where it asks the registry, which may be slow to answer. */
import { execFileSync } from 'node:child_process';

/** Runs npm with these words, and once more where that failed, as .ci/run does. */
export function install(words: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): void {
  // What it says is in the error that it ends with.
  const run = () => execFileSync('npm', words, { ...options, stdio: 'pipe' });
  try {
    run();
  } catch {
    run();
  }
}
