/**
 * What a transport is: one way by which queries reach a worker and replies leave it. Each is a folder whose index.ts is
 * such a value, and a line in transports.ts. The main thread asks what is `available`, and `open`s; a worker `serve`s
 * its share of what was opened and stops; whatever the transport, the answers are the same Responder's.
 */
import type { Responder } from '../responder/answer.ts';
import type { CounterView } from '../table/counters.ts';
import type { Endpoint } from './address.ts';
import type { Beat } from './beat.ts';
import type { InheritedEndpoint } from './inherited.ts';
import type { Libc, Refused } from './libc.ts';
import type { AddressUser, ListenAddresses, SocketState } from './listen-addresses.ts';
import type { TcpLimits } from './tcp/limits.ts';

/** `Share`: what a worker's thread is given to serve; it is copied there, descriptors as their numbers. */
export interface Transport<Share extends object = object> extends AddressUser {
  /** What it stands on, in a word. */
  readonly about: string;
  /**
   * It takes rights or machines that most do not have, so that nobody gets it without asking for it by name; and who
   * asked for it where it cannot be had is told so in one line, and served by the next one.
   */
  readonly onlyByName?: true;
  /** In the main thread, before anything is open: whether it can serve on this machine, found out by trying. */
  available(libc: Libc | undefined, options: Asked): Availability;
  /** In the main thread: what is to be shared among the workers, of addresses that are bound; or why it cannot be. */
  open(addresses: ListenAddresses, options: TransportOptions): Opened<Share> | Unavailable;
  /**
   * In a worker's thread: answers from now on. It resolves to how that ends, once everything is in place; or it holds
   * the thread, says itself when it is ready, and resolves to nothing once the stop word was set.
   */
  serve(share: Share, duty: Duty): Promise<Stop | undefined>;
}

export type Availability =
  /** `refused`: calls that the system refuses, with their errors, and that it does without. */
  | { readonly works: true; readonly refused: ReadonlyMap<string, number> }
  /** This is no machine for it, as `lacks` says: the next one serves, and there is nothing to tell. */
  | { readonly works: false; readonly lacks: string }
  | Unavailable;

/** It should work here and does not: the next one serves, and one line says `summary` and why. */
export interface Unavailable {
  readonly works: false;
  readonly summary: string;
  readonly why: string;
}

/** What is to be served, as far as it is known before anything is open. */
export interface Asked {
  /** Ports may still be 0. */
  readonly listen: readonly Endpoint[];
  /** What was handed over is served instead. */
  readonly inherited?: readonly InheritedEndpoint[];
  /** Interfaces that AF_XDP is to serve; none: those with an address that is listened on. */
  readonly xdpInterfaces?: readonly string[];
}

/** The settings of all transports. */
export interface TransportOptions extends Asked {
  readonly workers: number;
  readonly receiveBufferBytes: number;
  /** The longest UDP reply that the settings allow. */
  readonly udpMaxBytes: number;
  /** What queries that come fast may wait for others, where a transport waits for any; 0: not at all. */
  readonly gatherMicroseconds: number;
  readonly tcp: TcpLimits;
  readonly log: SocketLog;
}

/** The part of a pino logger that is used here. */
export interface SocketLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A transport's side in the main thread. */
export interface Opened<Share extends object = object> {
  /** What the worker of this number serves; each of its threads, one after the other, is given the same. */
  share(worker: number): Share;
  /** UDP replies are no longer than this, whatever the settings allow; undefined: as those say. */
  readonly udpMaxBytes?: number;
  /** What waits in its sockets, and what was dropped there; empty where the system does not tell. */
  states(): readonly SocketState[];
  /** Once every worker answers: what came until now was for the sockets, as nobody would have answered it elsewhere. */
  begin?(): void;
  /** Before the workers are told to stop: what comes from now on is for the sockets, which keep it. */
  halt?(): void;
  /** Closes what it reads; no thread does any more. */
  close(): void;
}

/** What a worker's thread serves with. */
export interface Duty {
  readonly responder: Responder;
  readonly counters: CounterView;
  /** The words of this process, the stop word among them. */
  readonly control: Int32Array;
  readonly beat: Beat;
  /** To be told of calls that the system refuses, once each. */
  readonly refused: Refused;
  /** To be called before the first receive by a transport that holds its thread. */
  readonly ready: () => void;
}

/** Answers what was received, and serves no more. */
export type Stop = () => Promise<void>;
