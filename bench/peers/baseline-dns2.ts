/** The same A records behind dns2's own server, looked up in a map. */
import dns2 from 'dns2';
import { hostAddress, hostName, STATIC_TTL_SECONDS } from '../workload.ts';

const addresses = new Map(Array.from({ length: 1000 }, (_, i) => [hostName(i), hostAddress(i)]));
const { Packet } = dns2;
const server = dns2.createServer({
  udp: true,
  handle: (request, send) => {
    const response = Packet.createResponseFromRequest(request);
    const name = (request.questions[0]?.name ?? '').toLowerCase();
    const address = addresses.get(name);
    if (address !== undefined) {
      const { TYPE, CLASS } = Packet;
      const record = { name, type: TYPE.A, class: CLASS.IN, ttl: STATIC_TTL_SECONDS, address };
      response.answers.push(new Packet.Resource(record));
    }
    send(response);
  },
});
await server.listen({ udp: { port: Number(process.argv[2]), address: '127.0.0.1' } });
