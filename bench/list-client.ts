/** A process of its own that does what lego does for a challenge, again and again, and says how long each list of the zone took. */
const [base = '', key = '', zone = '', challenges = ''] = process.argv.slice(2);
const headers = { 'x-api-key': key };
const url = `${base}/api/v1/servers/localhost/zones/${zone}.`;
/** lego looks for the zone, for its records, and for its kind. */
const LISTS_A_CHALLENGE = 3;

const listMs: number[] = [];
let bytes = 0;

async function done(reply: Response): Promise<number> {
  if (!reply.ok) throw new Error(`${reply.status} ${(await reply.text()).slice(0, 200)}`);
  let length = 0;
  for await (const piece of reply.body ?? []) length += (piece as Uint8Array).length;
  return length;
}

for (let i = 0; i < Number(challenges); i++) {
  await done(await fetch(`${base}/api`, { headers }));
  for (let n = 0; n < LISTS_A_CHALLENGE; n++) {
    const startedAt = performance.now();
    bytes = await done(await fetch(url, { headers }));
    listMs.push(performance.now() - startedAt);
  }
  const records = [{ content: `"challenge ${process.pid} ${i}"`, disabled: false }];
  const rrset = {
    name: `_acme-challenge.n${process.pid}.${zone}.`,
    type: 'TXT',
    changetype: 'REPLACE',
    ttl: 60,
    records,
  };
  await done(await fetch(url, { method: 'PATCH', headers, body: JSON.stringify({ rrsets: [rrset] }) }));
}
console.log(JSON.stringify({ listMs, bytes }));
