/** The doctor on the chain from the parent: whole, broken, missing, and parents that disagree. */
import { createHash } from 'node:crypto';
import t from 'tap';
import type { Answer, Ask } from '../../../src/asking/ask.ts';
import { examineChain } from '../../../src/cli/doctor/chain.ts';

const ZONE = 'shop.example.com';
const KEY = { flags: 257, protocol: 3, algorithm: 13, key: Buffer.alloc(64, 5).toString('base64') };
const rdata = Buffer.concat([Uint8Array.of(1, 1, 3, 13), Buffer.alloc(64, 5)]);
const owner = Buffer.from('\x04shop\x07example\x03com\x00', 'latin1');
const digest = createHash('sha256').update(owner).update(rdata).digest();
const ds = (bytes: Uint8Array): object => ({
  ...{ name: ZONE, type: 43, class: 1, ttl: 60 },
  data: Buffer.concat([Uint8Array.of(0, 9, 13, 2), bytes]),
});
const soa = { name: 'example.com', type: 6, class: 1, ttl: 60, minimum: 60 };
const empty = { rcode: 0, isAuthoritative: true, isTruncated: false, hasOpt: true, bytes: 0 };

function answer(more: { answers?: object[]; authorities?: object[] }): Answer {
  return { ...empty, answers: [], authorities: [], additionals: [], ...more } as Answer;
}

const server = (address: string) => ({ host: address, addresses: [address], hasGlue: true });

async function examine(parents: Readonly<Record<string, object[]>>, keys: object[]) {
  const ask: Ask = async (address, { type }) => {
    if (type === 'DNSKEY')
      return answer({ answers: keys.map((key) => ({ name: ZONE, type: 48, class: 1, ttl: 60, ...key })) });
    const answers = parents[address] ?? [];
    return answer(answers.length > 0 ? { answers } : { authorities: [soa] });
  };
  const delegation = {
    ...{ parent: 'example.com', askedAt: 'p1', ttlSeconds: 60, nameservers: [server('192.0.2.1')] },
    parentServers: Object.keys(parents).map(server),
  };
  const findings = await examineChain(ZONE, delegation, ask);
  return findings.map(({ level, code }) => `${level} ${code}`);
}

t.test('the chain is whole, broken, missing, or nobody knows of keys', async (t) => {
  const good = ds(digest);
  const bad = ds(Buffer.alloc(32, 1));
  t.same(await examine({ p1: [good] }, [KEY]), ['ok chain']);
  t.same(await examine({ p1: [bad] }, [KEY]), ['error chain_broken']);
  t.same(await examine({ p1: [good] }, [{ ...KEY, algorithm: 15 }]), ['error chain_broken']);
  t.same(await examine({ p1: [good] }, []), ['error chain_broken']);
  t.same(await examine({ p1: [] }, [KEY]), ['warning ds_missing']);
  t.same(await examine({ p1: [] }, []), []);
  t.same(await examine({ p1: [good], p2: [] }, [KEY]), ['warning ds_differ', 'ok chain']);
  t.same(await examine({ p1: [bad, good] }, [KEY]), ['ok chain'], 'one that leads on is enough (RFC 4035 §5.2)');
});
