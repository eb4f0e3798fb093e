/** Endpoints that can never stand: they are left out, and that is said, once each in the log and every time in a metric. */
import type { ApiParts } from '../parts.ts';
import type { WrittenEndpoint } from './endpoint.ts';

/** The same ones come again each minute. */
const TOLD_MAX = 1000;
const TEXT_MAX_CHARS = 300;

export class Dropped {
  readonly #parts: Pick<ApiParts, 'log' | 'metrics'>;
  readonly #told = new Set<string>();

  constructor(parts: Pick<ApiParts, 'log' | 'metrics'>) {
    this.#parts = parts;
  }

  tell(endpoint: WrittenEndpoint, why: string): void {
    this.#parts.metrics.droppedAtDoor('external-dns');
    this.#say(endpoint, `an endpoint of ExternalDNS was left out: ${why}`);
  }

  tellWeight(endpoint: WrittenEndpoint): void {
    this.#say(
      endpoint,
      'the weight of an endpoint of ExternalDNS was passed over: it is a whole number from 0 to 65535',
    );
  }

  #say({ dnsName = '', recordType = '', setIdentifier = '' }: WrittenEndpoint, sentence: string): void {
    const line = { name: short(dnsName), type: short(recordType), setIdentifier: short(setIdentifier) };
    const key = JSON.stringify([line, sentence]);
    if (this.#told.has(key)) return;
    // Once more than that is known all are told anew, rather than any never.
    if (this.#told.size >= TOLD_MAX) this.#told.clear();
    this.#told.add(key);
    this.#parts.log.warn(line, short(sentence));
  }
}

function short(text: string): string {
  return text.slice(0, TEXT_MAX_CHARS);
}
