/** A worker's own descriptor of a socket that the main thread keeps. */

import { errorName, loadLibc } from './libc.ts';
import type { SocketSource } from './listen-addresses.ts';

/**
 * node:net and node:dgram close what they are given when their thread ends, so they get a duplicate of the main thread's
 * descriptor. It is made in the thread, since one made for a thread that then fails to start would be nobody's.
 */
export function withOwnDescriptor(source: SocketSource): SocketSource {
  if (source.fd === undefined) return source;
  const libc = loadLibc();
  const fd = libc?.dup(source.fd) ?? -1;
  if (libc === undefined || fd < 0) throw new Error(`dup failed: ${errorName(libc?.errno() ?? 0)}`);
  return { ...source, fd };
}
