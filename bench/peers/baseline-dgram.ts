/** The least that a Node DNS server can do: node:dgram, and the query sent back with one A record behind it. */
import dgram from 'node:dgram';

const record = Buffer.from('c00c000100010000012c0004cb007101', 'hex');
const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 * 2 ** 20 });
socket.on('message', (query, { port, address }) => {
  const end = query.indexOf(0, 12) + 5;
  const reply = Buffer.concat([query.subarray(0, end), record]);
  // QR and AA; one answer; nothing in the additional section.
  reply[2] = 0x84;
  reply[7] = 1;
  reply[11] = 0;
  socket.send(reply, port, address);
});
socket.bind(Number(process.argv[2]), '127.0.0.1');
