/** Digests that a real server answers with (ZONEMD, RFC 8976): others verify the zone by them as it is handed on, signed and not. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { HEAD, services, shapes } from '../fixtures/shapes.ts';
import { comesTo } from '../fixtures/soon.ts';
import { judges } from './zone-judges.ts';

const ZONE = 'shape.test';
const ZONEMD = 63;
const WAIT_MS = 50;
/** Minutes, on a machine that does much else. */
const WAITS_MAX = 4000;
const folder = mkdtempSync(join(tmpdir(), 'teal-digest-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'shape.zone');

async function must(teal: TealProcess, method: string, path: string, body?: unknown): Promise<void> {
  const reply = await teal.call(method, path, body);
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(reply.body)}`);
}

async function text(teal: TealProcess, path: string, put?: string): Promise<string> {
  const headers = { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' };
  const reply = await fetch(`${teal.admin}${path}`, { headers, ...(put && { method: 'PUT', body: put }) });
  const body = await reply.text();
  if (!reply.ok) throw new Error(`${path}: ${body}`);
  return body;
}

/** The digest that is answered, in hexadecimal, and how many signatures beside it; it comes some moments after a change. */
async function answered(client: UdpClient): Promise<{ digest: string; signatures: number }> {
  const query = buildQuery({ name: ZONE, type: ZONEMD, edns: { do: true, udpBytes: 4096 } });
  for (let left = WAITS_MAX; left > 0; left--) {
    const { answers } = await client.ask(query);
    const found = answers.find(({ type }) => type === ZONEMD);
    // RFC 3597 §5: `\# 54 …`, or bytes.
    if (found !== undefined)
      return { digest: found.data.replaceAll(' ', '').slice(-108), signatures: answers.length - 1 };
    await sleep(WAIT_MS);
  }
  throw new Error('no digest was answered');
}

/** In the words of the file: serial, scheme, hash, digest. */
function inFile(exported: string): string {
  const [, serial = '', digest = ''] = /\sZONEMD\s+(\d+) 1 1 ([0-9A-Fa-f ]+)/.exec(exported) ?? [];
  return `${Number(serial).toString(16).padStart(8, '0')}0101${digest.replaceAll(' ', '').toLowerCase()}`;
}

async function judged(t: Test, teal: TealProcess, client: UdpClient, what: string, isSigned: boolean): Promise<void> {
  // Of one moment, as the digest of before may be answered still.
  const read = async () => ({
    live: await answered(client),
    exported: await text(teal, `/v1/zones/${ZONE}/file?signed=true`),
  });
  const { live, exported } = await comesTo(read, (of) => inFile(of.exported) === of.live.digest.toLowerCase());
  writeFileSync(file, exported);
  t.equal(inFile(exported), live.digest.toLowerCase(), `${what}: what is answered is what the file has`);
  t.equal(live.signatures, isSigned ? 1 : 0);
  if (isSigned) {
    for (const [name, ask] of Object.entries(judges)) {
      if (name === 'ldns-verify-zone' && what.includes(endless) && what.includes('nsec3')) continue;
      const { isGood, output } = ask(file, ZONE, true);
      t.ok(isGood, `${name}: ${what}`, { output });
    }
    return;
  }
  const verify =
    'import sys, dns.zone; dns.zone.from_file(sys.argv[1], origin=sys.argv[2], relativize=False).verify_digest()';
  const python = spawnSync('/usr/bin/python3', ['-c', verify, file, `${ZONE}.`], { encoding: 'utf8' });
  t.equal(python.status, 0, `dnspython: ${what}: ${python.stderr}`);
}

/** Of ldns 1.8.3: ldns-verify-zone never ends with NSEC3 and glue. */
const endless = 'cuts with glue, with DS and without';

t.test('each shape, not signed, by NSEC and by NSEC3', async (t) => {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.end('SIGTERM'));
  const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
  t.teardown(() => client.close());
  for (const [at, [shape, lines]] of Object.entries(shapes).entries()) {
    await text(teal, `/v1/zones/${ZONE}/file`, HEAD + lines);
    if (at % 2 === 0) {
      for (const { name, pools, ttlSeconds } of services) {
        const body = pools.map(({ name: pool, weight, targets }) => [pool, { weight, targets }]);
        await must(teal, 'PUT', `/v1/services/${name}`, { ttlSeconds, pools: Object.fromEntries(body) });
      }
    }
    const { body } = await teal.call('GET', `/v1/zones/${ZONE}`);
    const { nameservers, hostmaster, ttlSeconds, negativeTtlSeconds } = body as Record<string, unknown>;
    const settings = { nameservers, hostmaster, ttlSeconds, negativeTtlSeconds };
    await must(teal, 'PUT', `/v1/zones/${ZONE}`, { ...settings, zonemd: true });
    await judged(t, teal, client, `${shape}, not signed`, false);
    for (const denial of ['nsec', 'nsec3']) {
      await must(teal, 'PUT', `/v1/zones/${ZONE}/dnssec`, { denial });
      await judged(t, teal, client, `${shape}, ${denial}`, true);
    }
    // What it exported is taken again, and a digest of other content is not.
    const exported = await text(teal, `/v1/zones/${ZONE}/file?signed=true`);
    await must(teal, 'DELETE', `/v1/zones/${ZONE}/dnssec?force=true`);
    await must(teal, 'DELETE', `/v1/zones/${ZONE}?services=delete`);
    await text(teal, `/v1/zones/${ZONE}/file?signatures=keep`, exported);
    t.ok((await answered(client)).digest.length > 0, 'a zone that is kept has the digest that it brings');
    await must(teal, 'DELETE', `/v1/zones/${ZONE}?force=true`);
  }
});
