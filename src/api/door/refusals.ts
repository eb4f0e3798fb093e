/** What Node's HTTP server would refuse by itself, with no word or an empty one, is refused as everything else is. */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterMs, listen, listenOnce } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import { PROBLEM_TYPE, problemBody } from '../problems.ts';
import { DOOR } from './connection.ts';
import type { Door } from './door.ts';

/** A client that does not read its refusal is not waited for. */
const LAST_WORD_MS = 1000;

/** The methods that any path here has (RFC 9110 §15.5.6: a 405 says which there are). */
const METHODS = 'DELETE, GET, HEAD, POST, PUT';

export function refuseBeforeRouting(server: Server, door: Door): void {
  // It would be an empty 400; the header is looked at in a hook (hosts.ts).
  Object.assign(server, { requireHostHeader: false });
  listen(server, 'connect', DOOR, (_request: IncomingMessage, socket: Duplex) => {
    const problem = new Problem('method_unknown', 'CONNECT is not for this server, which is no proxy.');
    sendLast(socket as Socket, problem, [`Allow: ${METHODS}`]);
  });
  listen(server, 'clientError', DOOR, (error: NodeJS.ErrnoException, socket: Duplex) => {
    const connection = door.find(socket as Socket);
    // What is no HTTP yet (a handshake that failed), or has sent nothing, or is in the middle of another reply, is told nothing.
    if (connection?.isFreeToRefuse !== true || error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    else sendLast(socket as Socket, clientProblem(error.code));
  });
}

/** Written to the socket by hand, which is closed then: nothing more is read from a client that cannot be understood. */
function sendLast(socket: Socket, problem: Problem, headers: readonly string[] = []): void {
  const body = JSON.stringify(problemBody(problem));
  const lines = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    ...headers,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  const timer = afterMs(DOOR, LAST_WORD_MS, () => socket.destroy()).unref();
  listenOnce(socket, 'close', DOOR, () => clearTimeout(timer));
  listen(socket, 'error', DOOR, () => {});
  socket.end([...lines, '', body].join('\r\n'), () => socket.destroy());
}

function clientProblem(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('headers_too_large', 'The request line and headers together are too long.');
    case 'HPE_INVALID_METHOD':
      return new Problem('request_invalid', `The request line begins with no known method, such as ${METHODS}.`);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('request_timeout', 'The request line and headers did not arrive in time.');
    default:
      return new Problem('request_invalid', 'The request is not well-formed HTTP/1.1 (RFC 9112).');
  }
}
