/**
 * A certificate for NAME and *.NAME by DNS-01, with npm's acme-client: prints the key and the chain.
 *   TEAL_ZONE=example.com TEAL_TOKEN=teal_… node acme-client.mjs shop.example.com
 * ACME_DIRECTORY is another authority than Let's Encrypt's staging.
 */
import acme from 'acme-client';

const [name] = process.argv.slice(2);
const { ACME_DIRECTORY, TEAL_ADMIN_URL = 'http://127.0.0.1:8053', TEAL_TOKEN, TEAL_ZONE } = process.env;

/** A name and its wildcard have two challenges at one name; each is a value that is added, and taken away again. */
async function change(verb, { identifier }, value) {
  const record = { name: `_acme-challenge.${identifier.value}`, type: 'TXT', values: [`"${value}"`] };
  // An authority that asks again must not be told an old value for long.
  const changes = [verb === 'add' ? { add: { ...record, ttlSeconds: 60 } } : { remove: record }];
  const reply = await fetch(`${TEAL_ADMIN_URL}/v1/zones/${TEAL_ZONE}/changes`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEAL_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ changes, reason: 'a certificate' }),
  });
  if (!reply.ok) throw new Error(await reply.text());
}

const [key, csr] = await acme.crypto.createCsr({ altNames: [name, `*.${name}`] });
const client = new acme.Client({
  directoryUrl: ACME_DIRECTORY ?? acme.directory.letsencrypt.staging,
  accountKey: await acme.crypto.createPrivateKey(),
});
const chain = await client.auto({
  csr,
  termsOfServiceAgreed: true,
  challengePriority: ['dns-01'],
  // It would ask the resolver of this machine; a change is in force once Teal has answered it.
  skipChallengeVerification: true,
  challengeCreateFn: (authorization, challenge, value) => change('add', authorization, value),
  challengeRemoveFn: (authorization, challenge, value) => change('remove', authorization, value),
});
console.log(`${key}${chain}`);
