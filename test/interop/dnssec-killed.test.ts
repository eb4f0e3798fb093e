/**
 * The control process is killed with -9 between the commit of what signs a large zone in another way and what makes that
 * visible, by a hook and not by time; clients that validate ask all the while, and until the next one has gone on.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { isAtOrBelow } from '../fixtures/dnssec/bogus.ts';
import { readMessage } from '../fixtures/dnssec/message.ts';
import { fileOf, recordsOf, signedElsewhere } from '../fixtures/dnssec/signed-file.ts';
import { TestSigner } from '../fixtures/dnssec/signer.ts';
import { whyBogus } from '../fixtures/dnssec/validator.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { comesTo, soon } from '../fixtures/soon.ts';

const zone = 'example.com';
const NAMES = 300;
const [A, SOA, TXT] = [1, 6, 16];
const head = `@ 60 SOA ns1.example.net. h.example.com. 77 7200 3600 1209600 60
@ 60 NS ns1.example.net.
*.wild 60 TXT "wild"
cut 60 NS ns.example.net.
`;
const records = (names: number): string =>
  head + Array.from({ length: names }, (_, n) => `n${n} 60 A 192.0.2.${n % 250}`).join('\n');

interface Watched {
  readonly asked: () => number;
  readonly wrong: Set<string>;
  end(): Promise<void>;
}

/** Asks, one after the other, what is there, what is not, wildcards and cuts, and validates each answer. */
function watch({ dnsPort }: TealProcess, key: TestSigner['key']): Watched {
  const wrong = new Set<string>();
  const trust = {
    zones: new Map([[zone, key]]),
    isInsecure: (labels: readonly string[]): boolean => !isAtOrBelow(labels, zone.split('.')),
  };
  let [asked, isOver] = [0, false];
  const questions: readonly (readonly [string, number])[] = [
    ...([`n7.${zone}`, `n${NAMES - 1}.${zone}`, `nope.${zone}`, `x.cut.${zone}`] as const).map(
      (name) => [name, A] as const,
    ),
    [zone, SOA],
    [`x.wild.${zone}`, TXT],
    [`n7.${zone}`, TXT],
  ];
  const asking = async (): Promise<void> => {
    const client = await UdpClient.open('127.0.0.1', dnsPort);
    while (!isOver) {
      for (const [name, type] of questions) {
        const reply = await client.ask(buildQuery({ name, type, edns: { do: true, udpBytes: 4096 } }), 60_000);
        const why = whyBogus(readMessage(reply.bytes), name.split('.'), type, trust);
        if (why !== undefined) wrong.add(`${name} ${type}: ${why}`);
        asked += 1;
      }
      await sleep(1);
    }
    await client.close();
  };
  const done = asking();
  return {
    asked: () => asked,
    wrong,
    end: async () => {
      isOver = true;
      await done;
    },
  };
}

const backs = ({ log }: TealProcess): number =>
  log.filter(({ msg }) => String(msg).includes('the control process is back')).length;

/** What the server is asked for is committed, and nobody is told: its process ends there. */
async function killedAtCommit(t: Test, teal: TealProcess, order: string, ask: () => Promise<unknown>): Promise<void> {
  const before = backs(teal);
  writeFileSync(order, 'committed');
  await t.rejects(ask(), 'no reply');
  await soon(t).equal(() => backs(teal), before + 1, 'another process has gone on');
}

for (const denial of ['nsec', 'nsec3'] as const)
  t.test(`kept signatures are replaced, and a signed zone imported, by ${denial}`, { timeout: 900_000 }, async (t) => {
    const folder = temporaryFolder(t);
    const order = join(folder, 'kill-at');
    const env = {
      TEAL_DNS_PLANES: 'two',
      TEAL_DNS_RATE_LIMIT_RESPONSES_PER_SECOND: '0',
      TEAL_DNSSEC_PARENT_SERVERS: '127.0.0.1:9',
      NODE_OPTIONS: `--import=${new URL('../flow/kill-at-commit.ts', import.meta.url)}`,
      KILL_AT_FILE: order,
    };
    const teal = await startTeal(join(folder, 'data'), { env });
    t.teardown(() => teal.child.kill('SIGKILL'));
    const put = async (text: string, signatures: string): Promise<number> => {
      const headers = { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' };
      const url = `${teal.admin}/v1/zones/${zone}/file?signatures=${signatures}`;
      return (await fetch(url, { method: 'PUT', headers, body: text })).status;
    };
    const signer = new TestSigner(zone.split('.'));
    const { dnskey } = signer.key;
    const file = (names: number): string =>
      fileOf(zone, signedElsewhere(zone, recordsOf(zone, records(names)), { signer, dnskey, denial }));
    t.equal(await put(file(NAMES), 'keep'), 201);
    const watched = watch(teal, signer.key);
    const privateKey = signer.key.privateKey.export({ format: 'pem', type: 'pkcs8' });
    const path = `/v1/zones/${zone}/dnssec`;
    const from = watched.asked();
    await killedAtCommit(t, teal, order, () =>
      teal.call('PUT', path, { replaceSignatures: 'chain', privateKey, dnskeyTtlSeconds: 60 }),
    );
    rmSync(order);
    t.match((await teal.call('GET', path)).body, { stage: 'replacing', denial }, 'it was committed');
    await killedAtCommit(t, teal, order, () => put(file(2 * NAMES), 'resign'));
    rmSync(order);
    const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
    const last = buildQuery({ name: `n${2 * NAMES - 1}.${zone}` });
    // The first reply that comes: who has gone on answers by it.
    const { answers } = await comesTo(
      () => client.ask(last),
      () => true,
    );
    t.equal(answers.length, 1, 'and the second one too');
    await client.close();
    await soon(t).ok(() => watched.asked() - from > 20, 'each of them was asked');
    await watched.end();
    t.same([...watched.wrong], [], `of ${watched.asked() - from} answers none is bogus, or without signatures`);
    t.notOk(existsSync(order));
    t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
  });
