/** Opens many TCP connections that send a byte a second, in a process of its own, until it is told to end and the server has closed them all. */
import net from 'node:net';
import { setInterval } from 'node:timers/promises';

const [port, count, perPrefix] = process.argv.slice(2).map(Number) as [number, number, number];
let open = 0;
let refused = 0;
const sockets = Array.from({ length: count }, (_, i) => {
  const localAddress = `127.2.${Math.floor(i / perPrefix)}.${1 + (i % 200)}`;
  const socket = net.connect({ port, host: '127.0.0.1', localAddress });
  socket.on('connect', () => open++);
  socket.on('error', () => refused++);
  return socket;
});
while (open + refused < count) await new Promise((resolve) => setTimeout(resolve, 20));
process.send?.({ open });
let ended = false;
process.once('message', () => {
  ended = true;
});
for await (const _ of setInterval(1000)) {
  if (ended && sockets.every((socket) => socket.destroyed)) break;
  for (const socket of sockets) if (socket.writable) socket.write(Uint8Array.of(1));
}
process.send?.({ closed: sockets.filter((socket) => socket.destroyed).length });
for (const socket of sockets) socket.destroy();
process.disconnect?.();
