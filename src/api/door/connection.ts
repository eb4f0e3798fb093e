/** One client of the admin API: what it keeps waiting, and for how long it may. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { listenOnce } from '../../guard.ts';
import type { Placed } from './places.ts';
import { Progress } from './progress.ts';

/** For the log. */
export const DOOR = 'the door of the API';

/** How long a client may keep the server waiting, milliseconds. */
export interface DoorTimes {
  /** For a TLS handshake: a few packets each way. */
  readonly handshakeMs: number;
  /** For the request line and headers, also for the first byte of a new connection. */
  readonly headMs: number;
  /** For so many bytes of a body, or of a reply, as Progress asks for. */
  readonly stallMs: number;
  /** For the rest of a body that was refused: a client that sees its connection reset may never see why. */
  readonly lingerMs: number;
  /** For all of that, once the server stops. */
  readonly stopMs: number;
}

export const DOOR_TIMES: DoorTimes = {
  handshakeMs: 10_000,
  headMs: 10_000,
  stallMs: 30_000,
  lingerMs: 5000,
  stopMs: 1500,
};

/** A request that makes others wait for so long gives up its place to another one with the same token. */
const DAWDLING_MS = 2000;

export class DoorConnection implements Placed {
  readonly prefix: string | undefined;
  readonly #exchanges = new Map<ServerResponse, IncomingMessage>();
  readonly #closed: (connection: DoorConnection) => void;
  readonly #reply = new Progress();
  readonly #sinceMs: number;
  #busySinceMs = 0;
  /** The one that carries HTTP: what TLS made of the other, where there is TLS. */
  #socket: Socket;
  #isSecured: boolean;
  /** A request that has its reply, while its body is still on the way; and since when. */
  #unread: { readonly request: IncomingMessage; readonly sinceMs: number } | undefined;

  constructor(
    socket: Socket,
    { prefix, isTls, nowMs }: { readonly prefix: string | undefined; readonly isTls: boolean; readonly nowMs: number },
    closed: (connection: DoorConnection) => void,
  ) {
    this.#socket = socket;
    this.prefix = prefix;
    this.#isSecured = !isTls;
    this.#sinceMs = nowMs;
    this.#closed = closed;
    listenOnce(socket, 'close', DOOR, () => closed(this));
  }

  get isBusy(): boolean {
    return this.#exchanges.size > 0;
  }

  /** For some time it has been its client who is waited for: for the rest of a body, or to read a reply. */
  get isDawdling(): boolean {
    const [first] = this.#exchanges;
    if (first === undefined || performance.now() - this.#busySinceMs < DAWDLING_MS) return false;
    return !first[1].complete || this.#socket.writableLength > 0;
  }

  /** What is wrong with what came last may be said: it would not be read as the reply to something else. */
  get isFreeToRefuse(): boolean {
    if (this.isSilent || this.#exchanges.size > 1) return false;
    return [...this.#exchanges].every(([response, request]) => !response.headersSent && !request.complete);
  }

  /** No byte of HTTP came from it yet. Clients open some connections ahead of need. */
  get isSilent(): boolean {
    return !this.#isSecured || (this.#exchanges.size === 0 && this.#socket.bytesRead === 0);
  }

  secure(socket: Socket): void {
    this.#socket = socket;
    this.#isSecured = true;
    listenOnce(socket, 'close', DOOR, () => this.#closed(this));
  }

  begin(request: IncomingMessage, response: ServerResponse, nowMs: () => number): void {
    if (this.#exchanges.size === 0) this.#busySinceMs = nowMs();
    this.#exchanges.set(response, request);
    listenOnce(response, 'close', DOOR, () => {
      this.#exchanges.delete(response);
      if (!request.complete) this.#unread = { request, sinceMs: nowMs() };
    });
  }

  /** Whether it has kept the server waiting for too long. */
  isLate(nowMs: number, times: DoorTimes): boolean {
    if (!this.#isSecured) return nowMs - this.#sinceMs >= times.handshakeMs;
    if (this.#unread?.request.complete === true) this.#unread = undefined;
    if (this.#unread !== undefined && nowMs - this.#unread.sinceMs >= times.lingerMs) return true;
    const { bytesWritten, writableLength } = this.#socket;
    return this.#reply.isStalled(
      { moved: bytesWritten - writableLength, isWaiting: writableLength > 0 },
      nowMs,
      times.stallMs,
    );
  }

  close(): void {
    this.#closed(this);
    this.#socket.destroy();
  }
}
