/** What the reader thread finds out of whole zones: their digests, and until when signatures hold that they brought. */
import { dirname } from 'node:path';
import { Problem } from '../../model/errors.ts';
import type { MadeDigest } from '../../signing/zonemd.ts';
import type { Store } from '../../store/sqlite.ts';
import type { DigestReply, DigestRequest, Failure, KeptReply, KeptRequest } from './messages.ts';
import type { OwnThread } from './own-thread.ts';
import type { SignedAside } from './signed-aside.ts';

interface LooksParts {
  readonly store: Pick<Store, 'shared'>;
  readonly signing: () => SignedAside;
  /** The thread ended in the middle of it. */
  readonly ended: Failure;
  readonly failed: (failure: Failure) => Problem;
}

const BUSY = new Problem('busy', 'Signatures are being written.');

export class ZoneLooks {
  readonly #reader: OwnThread;
  readonly #parts: LooksParts;

  constructor(reader: OwnThread, parts: LooksParts) {
    this.#reader = reader;
    this.#parts = parts;
  }

  /** The digest of a zone that is to have one, as it is at one moment; undefined: there is no such zone. */
  digest(zone: string): Promise<MadeDigest | undefined | Problem> {
    const { store, signing, ended, failed } = this.#parts;
    return this.#reader.inTurn<MadeDigest | undefined>(async () => {
      const keys = signing().digestKeys(zone);
      if (keys === undefined) return BUSY;
      const directory = dirname(store.shared.file);
      const request: DigestRequest = { kind: 'digest', zone, keys: { ...keys, directory } };
      const reply = await this.#reader.ask<DigestReply>(request, [], { failure: ended });
      if (reply.refused !== undefined) return new Problem('signing_refused', reply.refused);
      return reply.failure === undefined ? reply.digest : failed(reply.failure);
    });
  }

  /** When the signatures end that a zone brought; undefined: there is no such zone, or it brought none. */
  kept(zone: string, nowSeconds: number): Promise<KeptReply['look'] | Problem> {
    const { ended, failed } = this.#parts;
    return this.#reader.inTurn<KeptReply['look']>(async () => {
      const request: KeptRequest = { kind: 'kept', zone, nowSeconds };
      const { look, failure } = await this.#reader.ask<KeptReply>(request, [], { failure: ended });
      return failure === undefined ? look : failed(failure);
    });
  }
}
