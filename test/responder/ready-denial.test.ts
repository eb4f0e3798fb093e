/** A denial whose SOA was kept from another one is, bit for bit, what a responder says that never denied anything before. */
import fc from 'fast-check';
import t from 'tap';
import { buildQuery } from '../fixtures/dns-client.ts';
import { TestSigner } from '../fixtures/dnssec/signer.ts';
import { runs } from '../fixtures/runs.ts';
import { apply, askBytes, rrset, service, zone } from '../fixtures/table.ts';
import { makeSigned } from './signed-zone.ts';

/** Of one length, so that their names' zones begin at the same places; `open` is not signed. */
const ZONES = ['test', 'copy', 'open', 'deep.open'] as const;
const SIGNED: readonly string[] = ['test', 'copy'];

const asks = fc.record({
  // Names that are not there, that have no such type, services, aliases that lead to nothing, and the apex.
  label: fc.oneof(
    fc.constantFrom('', 'www', 'WWW', 'app', 'alias', 'ent', 'x.ent'),
    fc.stringMatching(/^[a-z]{1,20}$/),
  ),
  zone: fc.constantFrom(...ZONES),
  type: fc.constantFrom(1, 28, 16),
  edns: fc.constantFrom(undefined, { udpBytes: 1232 }, { do: true, udpBytes: 1232 }, { do: true, udpBytes: 512 }),
  udp: fc.boolean(),
});
/** Another SOA, after which nothing that was kept holds. */
const changes = fc.record({ zone: fc.constantFrom(...ZONES), serial: fc.nat(9), negativeTtlSeconds: fc.nat(100) });

function makeWorld(signers: Map<string, TestSigner>) {
  const made = makeSigned(SIGNED, { initialBytes: 2 ** 17 }, signers);
  for (const name of ZONES) {
    apply(
      made.table,
      zone(name),
      rrset(name, `www.${name}`, 'MX', 60, '10 www.invalid.'),
      rrset(name, `x.y.ent.${name}`, 'A', 60, '192.0.2.1'),
      rrset(name, `alias.${name}`, 'CNAME', 60, `nothing.${name}.`),
      service(name, `app.${name}`, { blue: [1, '192.0.2.1'], green: [0, '192.0.2.2'] }, { ttlSeconds: 3 }),
    );
  }
  return made;
}

t.test('as if each were the first', (t) => {
  const signers = new Map(SIGNED.map((name) => [name, new TestSigner(name.split('.'))]));
  const step = fc.oneof(
    { weight: 12, arbitrary: asks.map((ask) => ({ ask, change: undefined })) },
    { weight: 1, arbitrary: changes.map((change) => ({ ask: undefined, change })) },
  );
  let denied = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const made = makeWorld(signers);
      const keeps = made.makeResponder();
      for (const { ask, change } of steps) {
        if (change !== undefined) apply(made.table, zone(change.zone, change));
        if (ask === undefined) continue;
        const { label, type, edns, udp } = ask;
        const query = buildQuery({
          name: label === '' ? ask.zone : `${label}.${ask.zone}`,
          type,
          ...(edns && { edns }),
        });
        const given = askBytes(keeps, query, udp);
        t.same(given, askBytes(made.makeResponder(), query, udp), `${label}.${ask.zone} ${type}`, {
          diagnostic: false,
        });
        // Records in the authority section alone.
        if (given?.readUInt16BE(6) === 0 && given.readUInt16BE(8) > 0) denied++;
      }
    }),
    { numRuns: runs(15) },
  );
  t.ok(denied > 50, 'denials, signed ones too');
  t.end();
});

t.test('not those of another zone, length, client or generation', async (t) => {
  const signers = new Map(SIGNED.map((name) => [name, new TestSigner(name.split('.'))]));
  const { table, responder } = makeWorld(signers);
  /** The first of the five numbers that an SOA ends with (RFC 1035 §3.3.13), and nothing follows it here. */
  const serialOf = (name: string): number => {
    const reply = askBytes(responder, buildQuery({ name, type: 1 })) as Buffer;
    return reply.readUInt32BE(reply.length - 20);
  };
  t.equal(serialOf('nothing.open'), 1);
  apply(table, zone('open', { serial: 77 }));
  t.equal(serialOf('nothing.open'), 77, 'another SOA is seen at once');
  t.equal(serialOf('nothing.test'), 1);
  t.equal(serialOf('nothing.open'), 77, 'also after one of another zone');
});
