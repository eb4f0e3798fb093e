/**
 * Whole zones in one request, whichever API they come and go through: the same threads read and write them, so that they
 * are of one share, and no door is a way around it.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { listenOnce } from '../../guard.ts';
import type { Problem } from '../../model/errors.ts';
import { DOOR } from './connection.ts';
import { giveBack } from './give-back.ts';
import { inPieces } from './pieces.ts';
import { onceOver, Shares } from './shares.ts';

const MIB = 2 ** 20;

/**
 * Zones that are received, worked on, wait for that, or are sent. Whoever brings thousands of them sends some at once; how
 * large they may be together is bounded by their bytes.
 */
const ZONES = { what: 'zones at once', perToken: 16, inAll: 64 };
/** A million records take some 50 MB as a file, and 120 as JSON; what is alone may be larger. */
const UNREAD = { what: 'bytes of zones that are still to be read', perToken: 64 * MIB, inAll: 256 * MIB };

export class WholeZones {
  readonly #zones = new Shares(ZONES);
  readonly #unread = new Shares(UNREAD);

  /** Takes a place until the reply is over; what speaks against that. */
  enter({ holder }: FastifyRequest, reply: FastifyReply): Problem | undefined {
    const refused = this.#zones.take(holder, 1);
    if (refused === undefined) onceOver(reply.raw, () => this.#zones.give(holder, 1));
    return refused;
  }

  /** Counts what is to be sent, until it is; what speaks against that. `pieces` are the reply's from now on. */
  hold(request: FastifyRequest, reply: FastifyReply, pieces: readonly Uint8Array[]): Problem | undefined {
    const refused = this.#unread.refusal(request.holder, bytesOf(pieces));
    if (refused === undefined) this.holdAnyway(request, reply, pieces);
    return refused;
  }

  /** The same where it is the word on what was done, and told whatever it costs. */
  holdAnyway({ holder }: FastifyRequest, reply: FastifyReply, pieces: readonly Uint8Array[]): void {
    const bytes = bytesOf(pieces);
    this.#unread.add(holder, bytes);
    onceOver(reply.raw, () => this.#unread.give(holder, bytes));
    listenOnce(reply.raw, 'finish', DOOR, () => pieces.forEach(giveBack));
  }
}

/** The pieces on their way out. */
export function streamOf(pieces: readonly Uint8Array[]): Readable {
  return Readable.from(inPieces(pieces), { objectMode: false });
}

export function bytesOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
