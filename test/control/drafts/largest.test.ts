/** The largest RRset: what is taken is answered over TCP, whatever the question and its EDNS options are. */
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { Problem } from '../../../src/model/errors.ts';
import { oversize } from '../../../src/model/record-rules.ts';
import { readZone } from '../../../src/model/zone-check.ts';
import { NSID_MAX_BYTES } from '../../../src/wire/edns.ts';
import { buildQuery, decode } from '../../fixtures/dns-client.ts';
import { makeEngine, zoneBody } from '../../fixtures/engine.ts';
import { apply, askBytes, makeTable, rrset, zone } from '../../fixtures/table.ts';

const TXT_BYTES = 250;

/** Strings of TXT records that are all different, with this many bytes of records in all. */
function texts(bytes: number): string[] {
  const one = 12 + 1 + TXT_BYTES;
  const count = Math.floor(bytes / one);
  const rest = bytes - count * one;
  const all = Array.from({ length: count }, (_, i) => `"${String(i).padStart(TXT_BYTES, 'x')}"`);
  // The last one is as much longer as there are bytes left.
  const last = all.pop() as string;
  const more = rest <= 5 ? [`"${'y'.repeat(TXT_BYTES + rest)}"`] : [last, `"${'z'.repeat(rest - 13)}"`];
  return rest === 0 ? [...all, last] : [...all, ...more];
}

const longest = `${`${'a'.repeat(62)}.`.repeat(3)}${'b'.repeat(54)}.w.example`;
const options = [
  { code: 3, data: new Uint8Array(0) },
  { code: 10, data: new Uint8Array(8).fill(7) },
  { code: 8, data: Buffer.from([0, 2, 128, 0, ...new Uint8Array(16).fill(1)]) },
  { code: 11, data: new Uint8Array(0) },
];

/** A server that sends each option at its longest. */
const telling = { nsid: 'n'.repeat(NSID_MAX_BYTES), cookieSecrets: [new Uint8Array(16).fill(5)] };

function put(name: string, rdata: string[]): Command {
  return { kind: 'rrset.put', zone: 'example', name, type: 'TXT', body: { ttlSeconds: 60, rdata } };
}

/** The most bytes that an owner's records may have, by trial. */
function most(owner: string): number {
  let bytes = 64_000;
  while (oversize(owner, [new Uint8Array(bytes - 12)]) === undefined) bytes++;
  return bytes - 1;
}

for (const owner of ['a.example', '*.w.example', '*.example']) {
  t.test(`${owner}: API and import agree on the last byte`, async (t: Test) => {
    const fixture = makeEngine(t);
    fixture.must({ kind: 'zone.put', zone: 'example', body: zoneBody });
    const file = (rdata: string[]) =>
      readZone(
        'example',
        Buffer.from(
          `$TTL 60\n@ SOA a. b. 1 2 3 4 5\n@ NS a.\n${rdata.map((text) => `${owner}. TXT ${text}\n`).join('')}`,
        ),
      );
    const fits = texts(most(owner));
    t.same(file(fits).findings.errors, []);
    t.notOk(fixture.execute(put(owner, fits)) instanceof Problem);
    const over = texts(most(owner) + 1);
    t.match(file(over).findings.errors, [{ code: 'rrset_too_large' }]);
    t.match(fixture.execute(put(owner, over)), { code: 'rrset_invalid' });
  });
}

t.test('the largest is answered whole over TCP with every option, asked by the longest name', async (t) => {
  for (const [owner, name] of [
    ['*.w.example', longest],
    ['a.example', 'a.example'],
  ] as const) {
    const { table, responder: server } = makeTable({ responder: telling });
    const rdata = texts(most(owner));
    apply(table, zone('example'), rrset('example', owner, 'TXT', 60, ...rdata));
    const reply = askBytes(server, buildQuery({ name, type: 'TXT', edns: { options } }), false);
    t.ok(reply !== undefined);
    const { tc, answers } = decode(reply as Buffer);
    t.equal(tc, false, name);
    t.equal(answers.length, rdata.length);
    t.ok(
      (reply as Buffer).length > 65_535 - 7,
      `${reply?.length} bytes: the bound wastes none, but an extended error's`,
    );
  }
});

t.test(
  'behind an alias it may not fit: over TCP the alias is the answer, over UDP TC says to come by TCP',
  async (t) => {
    const { table, responder } = makeTable({ responder: telling });
    const cname = rrset('example', `${'c'.repeat(63)}.${'d'.repeat(63)}.example`, 'CNAME', 60, 'a.example.');
    const { name } = cname.rrset;
    apply(table, zone('example'), rrset('example', 'a.example', 'TXT', 60, ...texts(most('a.example'))), cname);
    const query = buildQuery({ name, type: 'TXT', edns: { options } });
    t.match(decode(askBytes(responder, query, false) as Buffer), {
      tc: false,
      rcode: 0,
      answers: [{ data: 'a.example.' }],
    });
    t.equal(decode(askBytes(responder, query, false) as Buffer).answers.length, 1);
    t.match(decode(askBytes(responder, query) as Buffer), { tc: true, answers: [] });
  },
);

t.test('a referral with more glue than fits has as much as fits over TCP', async (t) => {
  const { table, responder } = makeTable();
  const hosts = Array.from({ length: 40 }, (_, i) => `ns${i}.sub.example`);
  const addresses = Array.from({ length: 250 }, (_, i) => `192.0.2.${i}`);
  const glue = hosts.map((host) => rrset('example', host, 'A', 60, ...addresses));
  const ns = rrset('example', 'sub.example', 'NS', 60, ...hosts.map((host) => `${host}.`));
  apply(table, zone('example'), ns, ...glue);
  const query = buildQuery({ name: 'x.sub.example' });
  const { tc, authority, additional } = decode(askBytes(responder, query, false) as Buffer);
  t.equal(tc, false);
  t.equal(authority.length, 40);
  t.ok(additional.length >= 250, `${additional.length} addresses`);
  t.equal(decode(askBytes(responder, query) as Buffer).tc, true);
});
