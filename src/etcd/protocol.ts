/**
 * What is sent to etcd and comes back, as values. The wire format is that of `etcd.proto`, which `@grpc/proto-loader`
 * reads; numbers of 64 bits are texts there. etcd's revisions count its writes and stay below 2^53, ids of leases may not.
 */
import { fileURLToPath } from 'node:url';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';

/** A key with its value, and etcd's revisions of its first and its last write since it is there. */
export interface KeyValue {
  readonly key: string;
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
}

/** A condition on one key. A revision of 0: it is not there. */
type Compare =
  | { readonly key: string; readonly value: string | Uint8Array }
  | { readonly key: string; readonly createRevision: number }
  | { readonly key: string; readonly modRevision: number };

/** A key, or all that begin with a prefix, or all from one key up to another (exclusive). */
export type Keys =
  | { readonly key: string }
  | { readonly prefix: string }
  | { readonly from: string; readonly to: string };

type Operation =
  | { readonly put: string; readonly value: string | Uint8Array; readonly lease?: string | undefined }
  | { readonly delete: Keys }
  | { readonly range: Keys; readonly keysOnly?: boolean; readonly limit?: number };

export interface Transaction {
  readonly compare: readonly Compare[];
  /** What is done where all compares hold, */
  readonly success: readonly Operation[];
  /** and where one does not. */
  readonly failure?: readonly Operation[];
}

export interface TransactionReply {
  readonly succeeded: boolean;
  /** etcd's revision after it. */
  readonly revision: number;
  /** What each `range` of the branch found, in their order. */
  readonly found: readonly (readonly KeyValue[])[];
}

export interface RangeReply {
  readonly keyValues: readonly KeyValue[];
  readonly revision: number;
  /** There are more than the limit. */
  readonly more: boolean;
}

interface WireKeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly create_revision: string;
  readonly mod_revision: string;
}

export interface WireHeader {
  readonly header: { readonly revision: string; readonly cluster_id?: string } | null;
}

export interface WireRangeReply extends WireHeader {
  readonly kvs: readonly WireKeyValue[];
  readonly more: boolean;
}

export interface WireTransactionReply extends WireHeader {
  readonly succeeded: boolean;
  readonly responses: readonly { readonly response_range?: WireRangeReply | null }[];
}

export interface WireWatchReply extends WireHeader {
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compact_revision: string;
  readonly cancel_reason: string;
  readonly fragment: boolean;
  readonly events: readonly { readonly type: 'PUT' | 'DELETE'; readonly kv: WireKeyValue }[];
}

const PROTO = fileURLToPath(new URL('./etcd.proto', import.meta.url));

const loaded = loadSync(PROTO, { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true });

/** A method by service and name. */
export function methodOf(service: string, name: string): MethodDefinition<object, object> {
  return (loaded[`etcdserverpb.${service}`] as ServiceDefinition)[name];
}

/** A range as etcd has it: from a key (inclusive) to another (exclusive). */
export function wireKeys(keys: Keys): { key: Buffer; range_end?: Buffer } {
  if ('key' in keys) return { key: Buffer.from(keys.key) };
  if ('from' in keys) return { key: Buffer.from(keys.from), range_end: Buffer.from(keys.to) };
  const end = Buffer.from(keys.prefix);
  // Prefixes are ASCII, so that the last byte can always be raised.
  end[end.length - 1]++;
  return { key: Buffer.from(keys.prefix), range_end: end };
}

export function wireTransaction({ compare, success, failure = [] }: Transaction): object {
  return {
    compare: compare.map(wireCompare),
    success: success.map(wireOperation),
    failure: failure.map(wireOperation),
  };
}

function wireCompare(compare: Compare): object {
  const same = { result: 'EQUAL', key: Buffer.from(compare.key) };
  if ('value' in compare) return { ...same, target: 'VALUE', value: Buffer.from(compare.value as string) };
  if ('createRevision' in compare) return { ...same, target: 'CREATE', create_revision: `${compare.createRevision}` };
  return { ...same, target: 'MOD', mod_revision: `${compare.modRevision}` };
}

function wireOperation(operation: Operation): object {
  if ('put' in operation) {
    const { put, value, lease = '0' } = operation;
    return { request_put: { key: Buffer.from(put), value: Buffer.from(value as string), lease } };
  }
  if ('delete' in operation) return { request_delete_range: wireKeys(operation.delete) };
  const { range, keysOnly = false, limit = 0 } = operation;
  return { request_range: { ...wireKeys(range), keys_only: keysOnly, limit: `${limit}` } };
}

export function transactionReply(reply: WireTransactionReply): TransactionReply {
  const ranges = reply.responses.flatMap(({ response_range: found }) => (found ? [found] : []));
  return { succeeded: reply.succeeded, revision: revisionOf(reply), found: ranges.map(keyValuesOf) };
}

export function rangeReply(reply: WireRangeReply): RangeReply {
  return { keyValues: keyValuesOf(reply), revision: revisionOf(reply), more: reply.more };
}

function keyValuesOf({ kvs }: WireRangeReply): KeyValue[] {
  return kvs.map(keyValueOf);
}

export function keyValueOf({ key, value, create_revision, mod_revision }: WireKeyValue): KeyValue {
  return {
    key: key.toString(),
    value,
    createRevision: Number(create_revision),
    modRevision: Number(mod_revision),
  };
}

function revisionOf({ header }: WireHeader): number {
  return Number(header?.revision ?? 0);
}
