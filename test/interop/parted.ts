/** A wire besides the one of two-namespaces.ts: it parts nodes from what stands at this end of it. */
import { execFileSync } from 'node:child_process';
import type { Wire } from '../fixtures/two-namespaces.ts';

const here = (...words: string[]): string => execFileSync('ip', words, { encoding: 'utf8' });

interface Ends {
  readonly near: string;
  readonly far: string;
  /** Behind the far end, so that they stay where they are when the wire is down. */
  readonly hosts: readonly string[];
}

/** From the server's namespace to this one; `set` cuts it, without a word to the far end, and mends it. */
export function layWire(wire: Wire, { near, far, hosts }: Ends): { set(state: 'up' | 'down'): void } {
  wire.ip('link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far', 'netns', wire.client);
  wire.ip('addr', 'add', `${near}/24`, 'dev', 'near');
  wire.ip('link', 'set', 'near', 'up');
  here('addr', 'add', `${far}/24`, 'dev', 'far');
  here('link', 'set', 'far', 'up');
  for (const host of hosts) {
    here('addr', 'add', `${host}/32`, 'dev', 'lo');
    wire.ip('route', 'add', `${host}/32`, 'via', far, 'dev', 'near', 'metric', '10');
  }
  return { set: (state) => here('link', 'set', 'far', state) };
}
