/**
 * Streams of server-sent events (WHATWG HTML §9.2). Each pulls from the log when its client has room for more, so that
 * a slow client holds a page of events and not all that happened since; one that reads nothing at all is dropped.
 */
import { Readable } from 'node:stream';
import { dataOf, type Event, formatId, type Position } from '../../control/events/event.ts';
import type { EventLog } from '../../control/events/log.ts';
import type { Grant } from '../../control/grant.ts';
import { everyMs, inBackground, listenOnce, tellFault } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import { inPieces } from '../door/pieces.ts';

/** Streams at once; each is a connection that stays. */
export const EVENT_STREAMS_MAX = 100;
/** And those of one token: some consoles of a team that shares one, and what its scripts listen to. */
export const EVENT_STREAMS_PER_TOKEN = 20;
/** A client that hears nothing for a little longer knows that the server is frozen; proxies close silent connections. */
export const HEARTBEAT_MS = 5000;
/** A client that takes nothing for so many heartbeats, 45 s, is dropped: longer than a phone is in a tunnel. */
const STALLED_HEARTBEATS = 8;
/** How long a client waits before it comes again, in the words of the protocol. */
const RETRY_MS = 2000;

/** For the log. */
const STREAMS = 'the streams of events';

/** Whose stream it is. */
interface Listener {
  /** The name of its token. */
  readonly token: string;
  readonly grant: Grant;
  /** False once the token has expired or been revoked. */
  readonly isGood: () => boolean;
  /** Resolves when it is the token's turn. */
  readonly turn: () => Promise<void>;
}

export class EventStreams {
  readonly #log: EventLog;
  readonly #streams = new Set<EventStream>();
  #heartbeat: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** `after`: the last event that the listener had; undefined: from now on. */
  open(listener: Listener, after: Position | undefined): Readable | Problem {
    if (this.#isStopping) return new Problem('stopping', 'The server is about to stop; come again.');
    const own = this.#ofToken(listener.token);
    if (own.length >= EVENT_STREAMS_PER_TOKEN) {
      const detail = `This token has ${EVENT_STREAMS_PER_TOKEN} streams of events already, its share; close one.`;
      return new Problem('share_used_up', detail);
    }
    if (this.#streams.size >= EVENT_STREAMS_MAX && !this.#makeRoom(own.length)) {
      return new Problem('too_many_streams', `There are ${EVENT_STREAMS_MAX} streams of events already.`);
    }
    const stream = new EventStream(this.#log, listener, after);
    this.#streams.add(stream);
    this.#heartbeat ??= everyMs(STREAMS, HEARTBEAT_MS, () => this.beat()).unref();
    listenOnce(stream, 'close', STREAMS, () => this.#forget(stream));
    return stream;
  }

  /** Tells every client that the stream still stands, and drops those that take nothing. */
  beat(): void {
    for (const stream of this.#streams) stream.beat();
  }

  /** Ends all streams: a server that stops does not wait for those who listen. */
  stop(): void {
    this.#isStopping = true;
    for (const stream of this.#streams) stream.finish();
  }

  #ofToken(token: string): EventStream[] {
    return [...this.#streams].filter((stream) => stream.token === token);
  }

  /** Ends the oldest stream of the token that has most of them, where that is at least two more than who asks has. */
  #makeRoom(own: number): boolean {
    const [most = []] = [...Map.groupBy(this.#streams, ({ token }) => token).values()].sort(
      (a, b) => b.length - a.length,
    );
    if (most.length < own + 2) return false;
    const [oldest] = most;
    if (oldest === undefined) return false;
    oldest.finish();
    this.#forget(oldest);
    return true;
  }

  #forget(stream: EventStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }
}

class EventStream extends Readable {
  readonly #log: EventLog;
  readonly #listener: Listener;
  readonly #unlisten: () => void;
  readonly token: string;
  #position: Position;
  /** The client has room for more. */
  #isWanted = false;
  #isPulling = false;
  /** Bytes that Node was given, and how many of them had gone on at the heartbeat before. */
  #given = 0;
  #gone = 0;
  /** Heartbeats since something has gone on. */
  #stalled = 0;

  constructor(log: EventLog, listener: Listener, after: Position | undefined) {
    super();
    this.#log = log;
    this.#listener = listener;
    this.token = listener.token;
    this.#unlisten = log.listen(() => this.#pull());
    const { end } = log;
    const isLost = after !== undefined && log.isLost(after);
    this.#position = after === undefined || isLost ? end : after;
    // An id without data is no event, but the client has it from then on (§9.2.6).
    const first = isLost ? reset(end) : `id: ${formatId(this.#position)}\n\n`;
    this.#give(`retry: ${RETRY_MS}\n${first}`);
  }

  override _read(): void {
    this.#isWanted = true;
    this.#pull();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#unlisten();
    done(error);
  }

  /** Node asks for more until its buffer is full, whatever becomes of that: it counts what has left the buffer. */
  beat(): void {
    const gone = this.#given - this.readableLength;
    const isTaken = gone > this.#gone || (this.#isWanted && this.readableLength === 0);
    this.#gone = gone;
    this.#stalled = isTaken ? 0 : this.#stalled + 1;
    if (this.#stalled > STALLED_HEARTBEATS) this.destroy();
    else if (this.#isWanted && this.#isGood()) this.#give(': \n\n');
  }

  /** Ends the reply; where the client takes nothing, cuts it off. */
  finish(): void {
    if (!this.#isWanted) return void this.destroy();
    this.#isWanted = false;
    this.push(null);
  }

  /**
   * Each page of the log is read in a turn of the token's. Where the log cannot be read the stream ends; its client comes
   * again, and hears what it missed.
   */
  #pull(): void {
    if (this.#isPulling || !this.#isWanted) return;
    this.#isPulling = true;
    inBackground(STREAMS, this.#pullInTurns());
  }

  async #pullInTurns(): Promise<void> {
    try {
      do await this.#listener.turn();
      while (this.#pullPage());
    } catch (fault) {
      tellFault(fault, STREAMS);
      this.finish();
    } finally {
      this.#isPulling = false;
    }
  }

  /** True: there was something, but nothing for this client, or it has room for more; the walk goes on. */
  #pullPage(): boolean {
    if (!this.#isWanted || !this.#isGood()) return false;
    // A client that was slow has missed it; revisions are told from the store, however many there are.
    if (this.#log.hasForgotten(this.#position)) {
      this.#position = this.#log.end;
      this.#give(reset(this.#position));
      return this.#isWanted;
    }
    const events = this.#log.after(this.#position);
    const last = events.at(-1);
    if (last === undefined) return false;
    this.#position = last.position;
    const text = events.map((event) => format(event, this.#listener.grant)).join('');
    if (text === '') return true;
    this.#give(text);
    // Node may have asked for more at once.
    return this.#isWanted;
  }

  /** In pieces: of a page that goes out slowly it is seen that it does. */
  #give(text: string): void {
    this.#isWanted = false;
    const bytes = Buffer.from(text);
    this.#given += bytes.length;
    // Where there is room left, Node asks for more by itself.
    for (const piece of inPieces([bytes])) this.push(piece);
  }

  #isGood(): boolean {
    if (this.destroyed || this.readableEnded) return false;
    if (this.#listener.isGood()) return true;
    this.#isWanted = false;
    this.push(null);
    return false;
  }
}

/** Says that too much was missed, up to here. */
function reset(end: Position): string {
  const data = JSON.stringify({ reason: 'too_old', revision: end.revision });
  return `id: ${formatId(end)}\nevent: reset\ndata: ${data}\n\n`;
}

/** One text for all who may see everything. */
const whole = new WeakMap<Event, string>();

function format(event: Event, grant: Grant): string {
  const known = grant.isUnlimited ? whole.get(event) : undefined;
  if (known !== undefined) return known;
  const data = dataOf(event, grant);
  if (data === undefined) return '';
  // JSON has no line breaks, so that one line of data holds it.
  const text = `id: ${formatId(event.position)}\nevent: ${event.name}\ndata: ${JSON.stringify(data)}\n\n`;
  if (grant.isUnlimited) whole.set(event, text);
  return text;
}
