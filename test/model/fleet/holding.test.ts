/** Who holds up drains is told with what ends it, for each way in which that can be. */
import t from 'tap';
import { heldBy, type NodeSign } from '../../../src/model/fleet/holding.ts';

const well: NodeSign = { isSelf: false, isPresent: true, heardAtMs: 50, lateSinceMs: undefined, version: '0.9.0' };
const NOW_MS = 100_000;
const held = (sign: Partial<NodeSign>, untoldSinceMs?: number) =>
  heldBy('ns3', { ...well, ...sign }, untoldSinceMs, NOW_MS);

t.test('each reason, since when, and the command', async (t) => {
  const command = 'teal fleet remove ns3';
  t.match(held({ isPresent: false, heardAtMs: 40, lateSinceMs: 60 }), { why: 'silent', sinceMs: 40, command });
  t.match(held({ isPresent: false, heardAtMs: undefined, lateSinceMs: 60 }), { why: 'silent', sinceMs: 60, command });
  t.match(held({ isPresent: false, heardAtMs: undefined }), { why: 'silent', sinceMs: undefined, command });
  t.match(held({ lateSinceMs: 60 }), {
    why: 'behind',
    sinceMs: 60,
    command,
    message: /stop it, and teal fleet remove ns3/,
  });
  t.match(held({}, NOW_MS - 30_000), {
    why: 'untold',
    sinceMs: NOW_MS - 30_000,
    command,
    message: /Teal 0\.9\.0.*upgrade it/,
  });
  t.match(held({}, NOW_MS - 1000), { why: 'untold', command: undefined, message: /within seconds/ });
  t.match(held({ isSelf: true, lateSinceMs: 60 }), { why: 'stale', sinceMs: 60, command: undefined });
  t.match(held({ isPresent: undefined, lateSinceMs: 60 }), { why: 'unknown', sinceMs: 60, command: undefined });
});

t.test('a command that ends it stands in the sentence too', async (t) => {
  for (const isPresent of [true, false, undefined]) {
    for (const lateSinceMs of [undefined, 60]) {
      for (const untold of [undefined, NOW_MS, 0]) {
        const { message, command } = held({ isPresent, lateSinceMs }, untold);
        t.ok(message.includes('ns3') && message.includes(command ?? ''), message);
      }
    }
  }
});
