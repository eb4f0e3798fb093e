/** A shop that says which version of it answered. It ends as a service should: what it has begun to answer, it answers. */
import { createServer } from 'node:http';

const { VERSION = 'v1', HOST = '127.0.0.1', PORT = '8080' } = process.env;

const server = createServer((request, response) => {
  const isKnown = request.url === '/' || request.url === '/healthz';
  response.writeHead(isKnown ? 200 : 404, { 'content-type': 'text/plain', 'x-version': VERSION });
  response.end(isKnown ? `${VERSION}\n` : 'not found\n');
});
server.listen(Number(PORT), HOST, () => console.log(`${VERSION} listens at http://${HOST}:${PORT}`));

for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => server.close(() => process.exit(0)));
