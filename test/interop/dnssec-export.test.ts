/**
 * Zones of every shape, signed by NSEC and NSEC3 and exported by a real server: four judges take them, and each signature is
 * one that it answers with, also where a large zone is asked for before it is signed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { HEAD, services, shapes } from '../fixtures/shapes.ts';
import { judges } from './zone-judges.ts';

const ZONE = 'shape.test';
const RRSIG = 46;
/** Of two equal pools each is answered with by chance: one that is never seen in so many answers is not answered. */
const TRIES = 60;
const folder = mkdtempSync(join(tmpdir(), 'teal-export-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

async function must(teal: TealProcess, method: string, path: string, body?: unknown) {
  const reply = await teal.call(method, path, body);
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

async function text(teal: TealProcess, path: string, put?: string): Promise<string> {
  const headers = { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' };
  const reply = await fetch(`${teal.admin}${path}`, { headers, ...(put && { method: 'PUT', body: put }) });
  const body = await reply.text();
  if (!reply.ok) throw new Error(`${path}: ${body}`);
  return body;
}

/** The signatures in a file: owner, type, and the whole as the file has it. */
function signaturesOf(file: string): { name: string; type: string; rdata: string }[] {
  return [...file.matchAll(/^(\S+)\s+\d+\s+IN\s+RRSIG\s+(\S+) (.*)$/gm)].map(
    ([, owner = '', type = '', rest = '']) => ({
      name: owner === '@' ? ZONE : owner.endsWith('.') ? owner.slice(0, -1) : `${owner}.${ZONE}`,
      type,
      rdata: rest.split(' ').slice(7).join(''),
    }),
  );
}

const codes: Readonly<Record<string, number>> = {
  ...{ A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28, SRV: 33, NAPTR: 35, DNAME: 39, DS: 43, NSEC: 47 },
  ...{ DNSKEY: 48, TLSA: 52, CDS: 59, CDNSKEY: 60, ZONEMD: 63, HTTPS: 65, CAA: 257 },
};

/** Whether a signature is in some answer: to its type, or, of an NSEC, to what is not there. */
async function isAnswered(client: UdpClient, name: string, type: string, signature: string): Promise<boolean> {
  const code = codes[type] ?? Number(type.replace('TYPE', ''));
  const wanted = Buffer.from(signature, 'base64').toString('hex');
  // Types that a pool, and a name, may lack.
  const asked = code === codes.NSEC ? [codes.NSEC, 1, 28, 17] : [code];
  // What follows a name that is delegated is denied by its NSEC.
  const behind = name.replace(/\.|$/, '-.').replace(/\.$/, '');
  for (let left = TRIES; left > 0; left--) {
    for (const each of [...asked, 0]) {
      const question = each === 0 ? { name: behind, type: 1 } : { name, type: each };
      const query = buildQuery({ ...question, edns: { do: true, udpBytes: 4096 } });
      const { answers, authority } = await client.ask(query);
      const found = [...answers, ...authority].filter((record) => record.type === RRSIG);
      if (found.some(({ data }) => data.replaceAll(' ', '').endsWith(wanted))) return true;
    }
  }
  return false;
}

async function putServices(teal: TealProcess): Promise<void> {
  for (const { name, pools, ttlSeconds } of services) {
    const body = pools.map(({ name: pool, weight, targets }) => [pool, { weight, targets }]);
    await must(teal, 'PUT', `/v1/services/${name}`, { ttlSeconds, pools: Object.fromEntries(body) });
  }
}

/** A large zone is signed beside what goes on: all is answered without signatures until that is done, then services are signed. */
async function untilSigned(client: UdpClient, names: readonly string[]): Promise<void> {
  for (const { name, type } of [{ name: ZONE, type: 'SOA' }, ...names.map((name) => ({ name, type: 'A' }))]) {
    const query = buildQuery({ name, type, edns: { do: true, udpBytes: 4096 } });
    for (;;) {
      const { answers, authority } = await client.ask(query);
      if ([...answers, ...authority].some(({ type }) => type === RRSIG)) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** While a zone is being signed there is none. */
async function signedFile(teal: TealProcess): Promise<string> {
  for (;;) {
    const exported = await text(teal, `/v1/zones/${ZONE}/file?signed=true`).catch((error: Error) => error);
    if (!(exported instanceof Error)) return exported;
    if (!exported.message.includes('signing_state')) throw exported;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function judged(t: Test, teal: TealProcess, what: string, hasDigest: boolean): Promise<string> {
  const exported = await signedFile(teal);
  const file = join(folder, 'shape.zone');
  writeFileSync(file, exported);
  for (const [name, ask] of Object.entries(judges)) {
    const { isGood, output } = ask(file, ZONE, hasDigest);
    t.ok(isGood, `${name}: ${what}`, { output });
  }
  return exported;
}

t.test('each shape, with services and without', async (t) => {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.end('SIGTERM'));
  const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
  t.teardown(() => client.close());
  for (const [at, [shape, lines]] of Object.entries(shapes).entries()) {
    await text(teal, `/v1/zones/${ZONE}/file`, HEAD + lines);
    if (at % 2 === 0) await putServices(teal);
    const algorithm = at % 3 === 0 ? 'ed25519' : 'ecdsap256sha256';
    await must(teal, 'PUT', `/v1/zones/${ZONE}/dnssec`, { algorithm });
    await untilSigned(client, at % 2 === 0 ? services.map(({ name }) => name) : []);
    const exported = await judged(t, teal, shape, false);
    const missed: string[] = [];
    const signatures = signaturesOf(exported);
    for (const { name, type, rdata } of signatures) {
      if (!(await isAnswered(client, name, type, rdata))) missed.push(`${name} ${type}`);
    }
    t.ok(signatures.length >= 7, `${signatures.length} signatures`);
    t.same(missed, [], `${shape}: each signature is answered`);
    await must(teal, 'DELETE', `/v1/zones/${ZONE}/dnssec?force=true`);
    t.equal((await teal.call('GET', `/v1/zones/${ZONE}/file?signed=true`)).body.code, 'signing_unknown');
    await must(teal, 'DELETE', `/v1/zones/${ZONE}?services=delete`);
  }
});

/** Of ldns 1.8.3: ldns-verify-zone never ends with NSEC3 and glue. */
const endless = 'cuts with glue, with DS and without';

/** Those signatures of NSEC3 that no answer has about these names, the names above them, and names that are not there. */
async function unanswered(client: UdpClient, names: readonly string[], wanted: readonly string[]): Promise<string[]> {
  const left = new Set(wanted);
  const above = names.flatMap((name) => {
    const labels = name.split('.');
    return labels.map((_, at) => labels.slice(at).join('.')).filter((each) => each.endsWith(ZONE));
  });
  const all = [...new Set(above)];
  for (let round = 0; round < TRIES && left.size > 0; round++) {
    // What is there lacks most types; an alias is met as what encloses a name below it.
    const questions = all.flatMap((name) => [
      ...[17, 28, 1, 43].map((type) => ({ name, type })),
      { name: `x${round}.${name}`, type: 17 },
    ]);
    for (const question of questions) {
      const { authority } = await client.ask(buildQuery({ ...question, edns: { do: true, udpBytes: 4096 } }));
      for (const { type, data } of authority) {
        const hex = data.replaceAll(' ', '');
        if (type === RRSIG) for (const each of left) if (hex.endsWith(each)) left.delete(each);
      }
    }
  }
  return [...left];
}

t.test('each shape with NSEC3', async (t) => {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.end('SIGTERM'));
  const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
  t.teardown(() => client.close());
  for (const [at, [shape, lines]] of Object.entries(shapes).entries()) {
    await text(teal, `/v1/zones/${ZONE}/file`, HEAD + lines);
    if (at % 2 === 0) await putServices(teal);
    await must(teal, 'PUT', `/v1/zones/${ZONE}/dnssec`, { denial: 'nsec3' });
    await untilSigned(client, at % 2 === 0 ? services.map(({ name }) => name) : []);
    const exported = shape === endless ? await signedFile(teal) : await judged(t, teal, shape, false);
    t.match(exported, /^[0-9a-v]{32}\s+\d+\s+IN\s+NSEC3\s/m);
    const signatures = signaturesOf(exported);
    const hashed = signatures.filter(({ type }) => type === 'NSEC3');
    const hexOf = ({ rdata }: { rdata: string }): string => Buffer.from(rdata, 'base64').toString('hex');
    const names = signatures.filter(({ type }) => type !== 'NSEC3').map(({ name }) => name);
    const cuts = [...exported.matchAll(/^(\S+)\s+\d+\s+IN\s+NS\s/gm)].map(([, owner = '']) => `${owner}.${ZONE}`);
    const missed = await unanswered(client, [...names, ...cuts], hashed.map(hexOf));
    t.ok(hashed.length >= 2, `${hashed.length} signatures of NSEC3`);
    t.same(
      hashed.filter((each) => missed.includes(hexOf(each))).map(({ name }) => name),
      [],
      `${shape}: each of them is answered`,
    );
    await must(teal, 'DELETE', `/v1/zones/${ZONE}/dnssec?force=true`);
    await must(teal, 'DELETE', `/v1/zones/${ZONE}?services=delete`);
  }
});

t.test('a large zone that is asked for while it is signed: what comes in the end is what is answered', async (t) => {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.end('SIGTERM'));
  const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
  t.teardown(() => client.close());
  const lines = Array.from({ length: 2000 }, (_, i) => `n${i} 60 A 192.0.2.${i % 250}\n`).join('');
  await text(teal, `/v1/zones/${ZONE}/file`, HEAD + lines);
  await putServices(teal);
  await must(teal, 'PUT', `/v1/zones/${ZONE}/dnssec`, {});
  for (const denial of ['nsec', 'nsec3'] as const) {
    if (denial === 'nsec3') await must(teal, 'PUT', `/v1/zones/${ZONE}/dnssec`, { denial: 'nsec3' });
    const signatures = signaturesOf(await signedFile(teal));
    t.ok(signatures.length > 4000, `${signatures.length} signatures`);
    const missed: string[] = [];
    for (const { name, type, rdata } of signatures.filter(({ type }, at) => type !== 'NSEC3' && at % 10 === 0)) {
      if (!(await isAnswered(client, name, type, rdata))) missed.push(`${name} ${type}`);
    }
    t.same(missed, [], denial);
  }
});
