/** `app.example.com green=10 blue=90 api.example.com green=10 blue=90`: weights as they are typed. Pure. */
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';

/** A weight by pool, for each service. Throws Failure. */
export function parseWeightWords(words: readonly string[]): Record<string, Record<string, number>> {
  const services: Record<string, Record<string, number>> = {};
  let service: string | undefined;
  for (const word of words) {
    const [pool, text] = splitOnce(word);
    if (text === undefined) {
      service = word;
      if (Object.hasOwn(services, service)) throw refuse(`${service} is named twice`);
      services[service] = {};
      continue;
    }
    if (service === undefined) throw refuse(`expected the name of a service before ${JSON.stringify(word)}`);
    const weights = services[service];
    if (Object.hasOwn(weights, pool)) throw refuse(`${service} has two weights for ${pool}`);
    if (!/^\d+$/.test(text))
      throw refuse(`expected a weight from 0 to 65535 for ${pool}, found ${JSON.stringify(text)}`);
    weights[pool] = Number(text);
  }
  const bare = Object.keys(services).find((name) => Object.keys(services[name]).length === 0);
  if (bare !== undefined) throw refuse(`expected weights after ${bare}, such as green=10 blue=90`);
  return services;
}

function splitOnce(word: string): [string, string | undefined] {
  const at = word.indexOf('=');
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function refuse(message: string): Failure {
  return new Failure(EXIT.USAGE, message);
}
