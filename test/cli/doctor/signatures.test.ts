/** The doctor on a zone's own answers: each that was damaged on the way is seen, and nothing else. */
import t from 'tap';
import { type Answer, type Ask, answerOf } from '../../../src/asking/ask.ts';
import { examineSignatures } from '../../../src/cli/doctor/signatures.ts';
import { NO_SIGNERS } from '../../../src/table/rrset-signer.ts';
import { buildQuery } from '../../fixtures/dns-client.ts';
import { INCEPTION, TestSigner } from '../../fixtures/dnssec/signer.ts';
import { apply, askBytes, makeTable, rrset, service, zone } from '../../fixtures/table.ts';

const ZONE = 'shop.example';
const RRSIG = 46;
const NSEC = 47;
const SOA = 6;
const label = 'teal-doctor-1';

function makeZone() {
  const made = makeTable();
  const signer = new TestSigner(ZONE.split('.'));
  const apex = [{ type: 48, ttlSeconds: 60, rdata: [new Uint8Array(signer.key.dnskey)] }];
  made.table.signWith({ ...NO_SIGNERS, of: () => signer, apexOf: () => apex });
  apply(
    made.table,
    zone(ZONE),
    rrset(ZONE, `www.${ZONE}`, 'A', 60, '192.0.2.1'),
    rrset(ZONE, `*.wild.${ZONE}`, 'TXT', 60, '"wild"'),
    rrset(ZONE, `zz.${ZONE}`, 'A', 60, '192.0.2.1'),
    service(ZONE, `app.${ZONE}`, { blue: [1, '192.0.2.2', '2001:db8::2'], green: [1, '192.0.2.3'] }),
  );
  return made;
}

const made = makeZone();
const codes: Readonly<Record<string, number>> = { A: 1, SOA, TXT: 16, DNSKEY: 48 };

/** Where the records of a message begin that are of a type: of their fixed part, and of their data. */
function records(message: Buffer, wanted: number): { data: number; end: number }[] {
  const found: { data: number; end: number }[] = [];
  const skip = (from: number): number => {
    let at = from;
    for (; message[at] !== 0; at += 1 + (message[at] as number)) if ((message[at] as number) >= 0xc0) return at + 2;
    return at + 1;
  };
  let at = skip(12) + 4;
  for (let left = message.readUInt16BE(6) + message.readUInt16BE(8); left > 0; left--) {
    const fixed = skip(at);
    const data = fixed + 10;
    at = data + message.readUInt16BE(fixed + 8);
    if (message.readUInt16BE(fixed) === wanted) found.push({ data, end: at });
  }
  return found;
}

async function examine(damage: (message: Buffer, name: string) => void, nowMs = (INCEPTION + 3600) * 1000) {
  const ask: Ask = async (_address, { name, type, tcp }) => {
    const query = buildQuery({ name, type: codes[type] as number, edns: { do: true, udpBytes: 1232 } });
    const message = Buffer.from(askBytes(made.responder, query, tcp !== true) as Buffer);
    damage(message, name);
    return { ...answerOf(message), message } as Answer;
  };
  const findings = await examineSignatures(ZONE, ['192.0.2.53'], { ask, nowMs, label }, [`app.${ZONE}`]);
  return findings.map(({ level, code, what }) => `${level} ${code}: ${what}`).join('\n');
}

t.test('a zone that is well', async (t) => {
  for (let times = 20; times > 0; times--) t.match(await examine(() => {}), /^ok signatures/);
});

const flip = (message: Buffer, at: number, bit = 1): void => {
  message[at] = (message[at] as number) ^ bit;
};

t.test('each damage is seen', async (t) => {
  const signature = await examine((message, name) => {
    if (name === `app.${ZONE}`) for (const { end } of records(message, RRSIG)) flip(message, end - 5);
  });
  t.match(signature, /^error bogus: .*app\.shop\.example A: its RRset of type 1 is not what was signed/);
  const next = await examine((message, name) => {
    // Of two labels of the next name the first: `zz` becomes `zy`, say.
    if (name.startsWith(label)) for (const { data } of records(message, NSEC)) flip(message, data + 2);
  });
  t.match(next, /^error bogus: .*teal-doctor-1\.shop\.example A: its RRset of type 47 is not what was signed/);
  const bitmap = await examine((message, name) => {
    if (name === `app.${ZONE}`) for (const { end } of records(message, NSEC)) flip(message, end - 1, 0x10);
  });
  t.match(bitmap, /^error bogus: .*app\.shop\.example TXT: its RRset of type 47 is not what was signed/);
  const address = await examine((message, name) => {
    if (name === `app.${ZONE}`) for (const { end } of records(message, 1)) flip(message, end - 1);
  });
  t.match(address, /type 1 is not what was signed/);
  const keys = await examine((message, name) => {
    if (name === ZONE) for (const { end } of records(message, 48)) flip(message, end - 1);
  });
  t.match(keys, /^error bogus: .*DNSKEY/);
});

t.test('what was left out is seen', async (t) => {
  const without = (type: number, names: (name: string) => boolean) => (message: Buffer, name: string) => {
    // They become records of a type that proves nothing.
    if (names(name)) for (const { data } of records(message, type)) message.writeUInt16BE(65_400, data - 10);
  };
  t.match(await examine(without(RRSIG, (name) => name === ZONE)), /SOA: its RRset of type 6 has no signature/);
  const unproved = await examine(without(NSEC, (name) => name.startsWith(label)));
  t.match(unproved, /error bogus/);
});

t.test('signatures that have ended, or do not hold yet', async (t) => {
  t.match(await examine(() => {}, (INCEPTION - 10) * 1000), /has a signature that does not hold yet/);
  t.match(await examine(() => {}, 1_900_000_001_000), /has a signature that has ended/);
});
