/** `10,5m,50,pause,100`: the steps of a release as they are typed. Pure. */
import type { Step } from '../contract/types.ts';
import { readDuration } from '../duration.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';

/** A number is a percentage, a duration a pause, `pause` waits for a person, `approval` for another one. Throws Failure. */
export function parseStepWords(text: string): Step[] {
  return text.split(',').map((part): Step => {
    const word = part.trim();
    const percentage = /^(\d+(?:\.\d+)?)%?$/.exec(word)?.[1];
    if (percentage !== undefined) return { setWeight: Number(percentage) };
    // The API takes one number of hours, minutes or seconds as a text (as Argo Rollouts does), and all else in seconds.
    if (/^\d+[smh]$/.test(word)) return { pause: { duration: word } };
    const seconds = readDuration(word);
    if (seconds !== undefined) return { pause: { duration: seconds } };
    if (word === 'pause') return { pause: {} };
    if (word === 'approval') return { pause: { approval: { by: 'other' } } };
    throw new Failure(
      EXIT.USAGE,
      `--steps: expected a percentage (10), a duration (5m) or one of the words pause and approval, found ${JSON.stringify(word)}`,
    );
  });
}
