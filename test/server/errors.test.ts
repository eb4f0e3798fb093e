/** What the command line says of a process that ended before it was ready. */
import t from 'tap';
import { PlaneEnded } from '../../src/server/errors.ts';

const said = (code: number | null, signal: string | null): string => new PlaneEnded('data', { code, signal }).message;

t.test('how it ended, and what sends such a signal', async (t) => {
  t.equal(said(69, null), 'the data process ended before it was ready: exit code 69');
  t.equal(said(null, 'SIGTERM'), 'the data process ended before it was ready: SIGTERM');
  t.match(said(null, 'SIGKILL'), /SIGKILL, which the kernel sends where memory runs out$/);
});
