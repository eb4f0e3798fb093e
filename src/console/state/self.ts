/** Who is signed in and at which server, as the server says it. */
import { signal } from '@preact/signals';
import type { Self } from '../../contract/types.ts';
import { onLive } from './live.ts';
import { call, token } from './session.ts';

/** undefined: it is not known yet. */
export const self = signal<Self | undefined>(undefined);

/** Goes on until the result is called. */
export function followSelf(): () => void {
  const look = async (): Promise<void> => {
    const before = token.value;
    const reply = await call<Self>('/v1/self');
    if (token.value === before && reply.ok) self.value = reply.body;
  };
  // A server that was started anew may be called otherwise, and what one may has ended or begun.
  const ending = onLive(({ kind }) => {
    if (kind === 'refresh') void look();
  });
  void look();
  return () => {
    ending();
    self.value = undefined;
  };
}
