/** Server-sent events out of a stream of text (WHATWG HTML §9.2.6), for fetch: EventSource cannot send a header. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  /** The last id that the stream gave, for Last-Event-ID. */
  readonly id: string;
}

/** Takes the text as it comes, in pieces of any length, and gives the events that are whole. */
export class EventParser {
  #rest = '';
  #id = '';
  #event = '';
  #data: string[] = [];

  push(text: string): ServerEvent[] {
    const unread = `${this.#rest}${text}`;
    const lines = unread.split(/\r\n|\n|\r/);
    // The last line is not whole yet; a final CR may be the first half of a CRLF, and waits too.
    this.#rest = lines.pop() as string;
    if (unread.endsWith('\r')) this.#rest = `${lines.pop() ?? ''}\r`;
    return lines.flatMap((line) => this.#take(line));
  }

  #take(line: string): ServerEvent[] {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id' && !value.includes('\0')) this.#id = value;
    if (field === 'event') this.#event = value;
    if (field === 'data') this.#data.push(value);
    return [];
  }

  #dispatch(): ServerEvent[] {
    const event = { event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id };
    const isEmpty = this.#data.length === 0;
    this.#event = '';
    this.#data = [];
    return isEmpty ? [] : [event];
  }
}
