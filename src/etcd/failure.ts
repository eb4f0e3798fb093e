/** What etcd or the way to it can fail with, as values: whether a change may have happened all the same is what matters. */
import { type ServiceError, status } from '@grpc/grpc-js';

/**
 * `unreachable`: no member answered, or it has no quorum: a change that was asked for may stand or not. All others: it does
 * not. `full`: the quota is used up. `compacted`: of a past that etcd keeps no longer. `denied`: a user, a password or a
 * right is wrong. `refused`: anything else.
 */
type FailureKind = 'unreachable' | 'full' | 'compacted' | 'denied' | 'refused';

export class EtcdFailure {
  readonly kind: FailureKind;
  /** A phrase for people, with the endpoint. */
  readonly detail: string;
  /** The token of this connection is not taken any more: a new one may be. */
  readonly isStaleToken: boolean;
  /** Users are not asked for there: nobody can log in, nor need to. */
  readonly isWithoutUsers: boolean;
  /** Whether what was asked for may have been done all the same. */
  readonly isDoubtful: boolean;

  constructor(
    kind: FailureKind,
    detail: string,
    more: { isStaleToken?: boolean; isWithoutUsers?: boolean; isUnsent?: boolean } = {},
  ) {
    this.kind = kind;
    this.detail = detail;
    this.isStaleToken = more.isStaleToken === true;
    this.isWithoutUsers = more.isWithoutUsers === true;
    this.isDoubtful = kind === 'unreachable' && more.isUnsent !== true;
  }
}

const KINDS: Readonly<Partial<Record<status, FailureKind>>> = {
  [status.RESOURCE_EXHAUSTED]: 'full',
  [status.OUT_OF_RANGE]: 'compacted',
  [status.PERMISSION_DENIED]: 'denied',
  [status.UNAUTHENTICATED]: 'denied',
  [status.INVALID_ARGUMENT]: 'refused',
  [status.FAILED_PRECONDITION]: 'refused',
  [status.NOT_FOUND]: 'refused',
};

/** Of INVALID_ARGUMENT, what is about users: etcd has no code of its own for it. */
const ABOUT_USERS = /authentication|user name|auth store/;
/** A token that ran out (UNAUTHENTICATED), users and roles that were changed since it was given, or asked for only since. */
const STALE_TOKEN = /invalid auth token|auth store is old|user name is empty/;
const WITHOUT_USERS = /authentication is not enabled/;
/** What the client says of a reply that is none of gRPC, such as a page of a proxy: the next member may be one. */
const NO_ETCD = /^Received HTTP status code|^Received message larger than max/;
/** The client's own words where there was no connection to send anything by. */
const UNSENT = /^No connection established/;

export function failureOf({ code, details }: Pick<ServiceError, 'code' | 'details'>, endpoint: string): EtcdFailure {
  if (NO_ETCD.test(details))
    return new EtcdFailure('unreachable', `${endpoint}: something answers that is no member of etcd: ${details}`);
  const isAboutUsers = code === status.INVALID_ARGUMENT && ABOUT_USERS.test(details);
  const kind = isAboutUsers ? 'denied' : (KINDS[code] ?? 'unreachable');
  const more = {
    isStaleToken: STALE_TOKEN.test(details),
    isWithoutUsers: WITHOUT_USERS.test(details),
    isUnsent: UNSENT.test(details),
  };
  return new EtcdFailure(kind, `${endpoint}: ${details}`, more);
}
