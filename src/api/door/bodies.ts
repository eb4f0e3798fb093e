/** Bodies on their way in: they must go on coming, and what has come of all of a token's is bounded. */
import { PassThrough, type Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { inBackground, listen, listenOnce } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import { Refusal } from '../problems.ts';
import { DOOR } from './connection.ts';
import type { Door } from './door.ts';
import { Progress } from './progress.ts';
import { onceOver, type Shares } from './shares.ts';
import type { Turns } from './turns.ts';

type Done = (error: Error | null, payload?: Readable) => void;

/** A preParsing hook: what it hands on to the parsers ends when it is its sender's turn, or with a refusal. */
export function makeBodyHook(door: Door, shares: Shares, turns: Turns) {
  const open = new Set<Body>();
  door.onSweep((nowMs, { stallMs }) => {
    for (const body of open) if (body.isStalled(nowMs, stallMs)) body.destroy(new Refusal(stopped(stallMs)));
  });
  return (request: FastifyRequest, reply: FastifyReply, payload: Readable, done: Done): void => {
    const body = new Body(request.holder, shares, turns);
    open.add(body);
    // A parser that has seen enough listens no more, and what has no reader must not hold up the connection.
    listen(body, 'error', DOOR, () => payload.unpipe(body).resume());
    // The bytes that came are held until the reply has left: an import may have to wait for its turn.
    onceOver(reply.raw, () => {
      open.delete(body);
      body.giveBack();
    });
    listenOnce(payload, 'error', DOOR, (error: Error) => body.destroy(error));
    // A client that hangs up in the middle ends without an error.
    listenOnce(payload, 'close', DOOR, () => payload.readableEnded || body.destroy(new Error('the client hung up')));
    payload.pipe(body);
    done(null, body);
  };
}

const stopped = (stallMs: number): Problem =>
  new Problem('request_timeout', `The body stopped: for ${stallMs / 1000} s too little of it came. Send it again.`);

class Body extends PassThrough {
  readonly #holder: string;
  readonly #shares: Shares;
  readonly #turns: Turns;
  readonly #progress = new Progress();
  #received = 0;
  #isOver = false;

  constructor(holder: string, shares: Shares, turns: Turns) {
    super();
    this.#holder = holder;
    this.#shares = shares;
    this.#turns = turns;
  }

  override _transform(
    chunk: Buffer,
    encoding: BufferEncoding,
    done: (error?: Error | null, data?: Buffer) => void,
  ): void {
    // Its reply has been sent: nobody reads it any more.
    if (this.#isOver) return done();
    const refused = this.#shares.take(this.#holder, chunk.length);
    if (refused !== undefined) return done(new Refusal(refused));
    this.#received += chunk.length;
    super._transform(chunk, encoding, done);
  }

  /** Reading it is the first piece of the work that it asks for. */
  override _flush(done: (error?: Error | null) => void): void {
    const taken = this.#turns.take(this.#holder).then((refused) => done(refused && new Refusal(refused)));
    inBackground('the body of a request', taken);
  }

  isStalled(nowMs: number, stallMs: number): boolean {
    return this.#progress.isStalled({ moved: this.#received, isWaiting: !this.writableEnded }, nowMs, stallMs);
  }

  giveBack(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#shares.give(this.#holder, this.#received);
  }
}
