/**
 * An entry of the log: a revision with all that it changes, in a form that any node can apply to what the entry before it
 * left. What is local to one process or file (a row's number, a cell of the table) has no place in it.
 *
 * The wire form is JSON: `{"format":1,"revision":{…},"changes":[…],"reply":{…}}`. `revision` is as `Revision` says, without
 * secrets. Each change has its `op` and what `ModelChange` says, and bytes (RDATA, digests of tokens) are base64. A change
 * `importZone` names the zone's records by `content`: the SHA-256 of their packed form (see store/packed.ts), which
 * travels beside the entry. `reply`: what is kept for an Idempotency-Key. Changes hold whole nouns, and so the secrets that
 * webhooks and checks are given: an entry is to be kept and sent as the store is.
 */
import type { ModelChange, Revision } from './revision.ts';
import type { RRset } from './rrset.ts';

/** Of the wire form; another number: it was written by a later version of Teal. */
const ENTRY_FORMAT = 1;

/** A reply kept for `Idempotency-Key`. */
export interface KeptReply {
  readonly token: string;
  readonly key: string;
  readonly bodyHash: string;
  /** JSON. */
  readonly outcome: string;
  readonly atMs: number;
}

export interface Entry {
  readonly revision: Revision;
  readonly changes: readonly ModelChange[];
  readonly reply?: KeptReply | undefined;
}

type ChangeOf<Op extends ModelChange['op']> = Extract<ModelChange, { op: Op }>;

/** A kind of change, in what JSON can hold and back. */
interface Form<Change> {
  encode(change: Change): object;
  decode(wire: never): Change;
}

/** What JSON holds as it is. */
const plain = { encode: (change: ModelChange): object => change, decode: (wire: never): never => wire };

/** Each kind of change by its name: one that is not here does not compile. */
const forms: { readonly [Op in ModelChange['op']]: Form<ChangeOf<Op>> } = {
  putZone: plain,
  importZone: plain,
  deleteZone: plain,
  putRRset: {
    encode: ({ op, rrset }) => ({ op, rrset: { ...rrset, rdata: rrset.rdata.map(base64) } }),
    decode: ({ op, rrset }: { op: 'putRRset'; rrset: Omit<RRset, 'rdata'> & { rdata: string[] } }) => ({
      op,
      rrset: { ...rrset, rdata: rrset.rdata.map(bytesOf) },
    }),
  },
  deleteRRset: plain,
  // The store of every node has what was there before.
  putService: { encode: ({ op, service }) => ({ op, service }), decode: plain.decode },
  deleteService: plain,
  putRelease: plain,
  putToken: {
    encode: ({ op, token }) => ({ op, token: { ...token, digest: base64(token.digest) } }),
    decode: ({ op, token }: { op: 'putToken'; token: ChangeOf<'putToken'>['token'] & { digest: never } }) => ({
      op,
      token: { ...token, digest: bytesOf(token.digest) },
    }),
  },
  deleteToken: plain,
  putWebhook: plain,
  deleteWebhook: plain,
  putSigning: plain,
  deleteSigning: plain,
  putFreeze: plain,
  deleteFreeze: plain,
  putProposal: plain,
};

/** The entry in its wire form. */
export function encodeEntry({ revision, changes, reply }: Entry): string {
  const wire = changes.map((change) => (forms[change.op] as Form<ModelChange>).encode(change));
  return JSON.stringify({ format: ENTRY_FORMAT, revision, changes: wire, reply });
}

/** What `encodeEntry` gave; undefined where it is of another format, or has a change that only a later version of Teal knows. */
export function decodeEntry(text: string): Entry | undefined {
  const { format, changes, ...rest } = JSON.parse(text) as Entry & { format: number; changes: WireChange[] };
  if (format !== ENTRY_FORMAT || !changes.every(({ op }) => Object.hasOwn(forms, op))) return undefined;
  return { ...rest, changes: changes.map((wire) => (forms[wire.op] as Form<ModelChange>).decode(wire as never)) };
}

/** A change as JSON has it. */
type WireChange = { readonly op: ModelChange['op'] };

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
