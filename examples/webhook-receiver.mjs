/**
 * Takes what Teal's webhooks send: checks the signature (Standard Webhooks 1.0.0), and tells each event once.
 *   TEAL_WEBHOOK_SECRET=whsec_… PORT=9000 node examples/webhook-receiver.mjs
 * The secret is shown when the webhook is made: `teal webhook add chat http://127.0.0.1:9000/ --trigger on-revision`.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const key = Buffer.from((process.env.TEAL_WEBHOOK_SECRET ?? '').replace('whsec_', ''), 'base64');
if (key.length === 0) throw new Error('expected the secret of the webhook in TEAL_WEBHOOK_SECRET');

/** As long as a message may be on its way: an older one may be somebody's copy. */
const OLD_SECONDS = 300;
/** Above the largest message that Teal sends. */
const BODY_MAX_BYTES = 2 ** 20;
/** Ids that are remembered: a message that is sent again has the id that it had. */
const SEEN_MAX = 10_000;
const seen = new Set();

/** Over the bytes of the body as they came: JSON that was parsed and written again is other text. */
function isGenuine(headers, body) {
  if (!(Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp'])) <= OLD_SECONDS)) return false;
  const signed = createHmac('sha256', key)
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`)
    .update(body);
  const right = Buffer.from(`v1,${signed.digest('base64')}`);
  const given = Buffer.from(headers['webhook-signature'] ?? '');
  return given.length === right.length && timingSafeEqual(given, right);
}

async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const server = createServer(async (request, response) => {
  const answer = (status) => response.writeHead(status, { connection: 'close' }).end();
  try {
    const body = await bodyOf(request);
    if (body === undefined) return answer(413);
    if (!isGenuine(request.headers, body)) return answer(401);
    const id = request.headers['webhook-id'];
    if (!seen.has(id)) {
      const { type, timestamp, data } = JSON.parse(body);
      // Here is your part: tell a chat, open a ticket. Answer first where it may take more than a few seconds.
      const { revision, release } = data;
      const what = release ? `release ${release.id}, ${release.state}` : `revision ${revision}`;
      process.stdout.write(`${timestamp} ${type}: ${what}\n`);
      seen.add(id);
      if (seen.size > SEEN_MAX) seen.delete(seen.values().next().value);
    }
    // Anything but 2xx, and Teal sends it again.
    answer(204);
  } catch {
    answer(500);
  }
});
server.listen(Number(process.env.PORT ?? 9000), '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}/\n`);
});
