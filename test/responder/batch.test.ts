/** A batch that is read, looked ahead for and answered in passes gets what its queries get one by one, bit for bit. */
import fc from 'fast-check';
import t from 'tap';
import type { Responder } from '../../src/responder/answer.ts';
import { createRateLimit } from '../../src/responder/rate-limit.ts';
import { QUERIES_AT_ONCE } from '../../src/table/touch.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import { TestSigner } from '../fixtures/dnssec/signer.ts';
import { runs } from '../fixtures/runs.ts';
import { apply, makeTable, rrset, service, zone } from '../fixtures/table.ts';
import { makeSigned } from './signed-zone.ts';

const TYPES = [1, 28, 5, 15, 255, 43, 250] as const;
const LABELS = ['app', 'www', 'mail', 'x', 'child', 'ns1', '*', 'deep.er', 'green.app', ''] as const;
const ZONES = ['example.test', 'child.example.test', 'other.test', 'nobody.test'] as const;
const START_MS = 1_795_500_000_000;

interface Ask {
  readonly query: Uint8Array;
  readonly client: Uint8Array;
}

const asks: fc.Arbitrary<Ask> = fc.record({
  query: fc.oneof(
    {
      weight: 9,
      arbitrary: fc
        .tuple(fc.constantFrom(...LABELS), fc.constantFrom(...ZONES), fc.constantFrom(...TYPES), fc.nat(65535))
        .map(([label, name, type, id]) => buildQuery({ id, name: label === '' ? name : `${label}.${name}`, type })),
    },
    // Nothing that could be answered, or not for certain.
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  ),
  client: fc.oneof(
    fc.nat(3).map((n) => Uint8Array.of(192, 0, 2 + n, 1)),
    fc.nat(3).map((n) => Uint8Array.from({ length: 16 }, (_, i) => (i === 7 ? n : i))),
  ),
});

/** Changes between batches, some of which are prepared and wait to be published while a batch is answered. */
const changes = fc.array(fc.record({ n: fc.nat(40), isPublished: fc.boolean() }), { maxLength: 6 });

function makeWorld() {
  const limit = { responsesPerSecond: 5, slip: 2, ipv4PrefixLength: 24, ipv6PrefixLength: 56, exempt: [] };
  const made = makeTable({ initialBytes: 4096, responder: { rateLimit: createRateLimit(limit, 1) } });
  apply(
    made.table,
    zone('example.test'),
    zone('child.example.test'),
    zone('other.test'),
    rrset('example.test', 'mail.example.test', 'A', 300, '192.0.2.25', '192.0.2.26'),
    rrset('example.test', 'example.test', 'MX', 300, '10 mail.example.test.'),
    rrset('example.test', 'x.example.test', 'CNAME', 300, 'app.example.test.'),
    rrset('other.test', '*.other.test', 'A', 300, '192.0.2.99'),
    service('example.test', 'app.example.test', { blue: [70, '192.0.2.1'], green: [30, '192.0.2.2'] }),
    service('other.test', 'www.other.test', { blue: [1, 'mail.example.test'] }, { kind: 'host' }),
  );
  return made;
}

function single(responder: Responder, batch: readonly Ask[]): string[] {
  return batch.map(({ query, client }) => {
    const reply = new Uint8Array(4096);
    responder.client.set(client, 0, client.length);
    return Buffer.from(reply.subarray(0, responder.answer(query, 0, query.length, reply, 0, true))).toString('hex');
  });
}

function inPasses(responder: Responder, batch: readonly Ask[]): string[] {
  const reply = new Uint8Array(4096);
  batch.forEach(({ query, client }, i) => {
    responder.client.set(client, 0, client.length);
    responder.read(i, query, 0, query.length);
  });
  responder.lookAhead(batch.length);
  return batch.map((_, i) => Buffer.from(reply.subarray(0, responder.reply(i, reply, 0, true))).toString('hex'));
}

t.test('in passes as one by one, while the table changes and grows', (t) => {
  const step = fc.record({ batch: fc.array(asks, { minLength: 1, maxLength: QUERIES_AT_ONCE }), changes });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
      const worlds = [makeWorld(), makeWorld()] as const;
      steps.forEach(({ batch, changes }, turn) => {
        const answers = worlds.map(({ table, responder }, which) => {
          responder.enter(START_MS + 300 * turn);
          // What is prepared while the batch is answered is not seen, and may lie beyond the reader's views.
          for (const [at, { n, isPublished }] of changes.entries()) {
            const more = rrset('example.test', `n${n}.example.test`, 'TXT', 60, `"${'y'.repeat(200)}"`);
            const problem = table.prepare([
              more,
              service('example.test', 'app.example.test', { blue: [n, '192.0.2.1'], green: [1, `192.0.2.${n}`] }),
            ]);
            if (problem !== undefined) throw new Error(problem.detail);
            if (isPublished) table.publish();
            else if (at < changes.length - 1) table.takeBack();
          }
          const given = which === 0 ? single(responder, batch) : inPasses(responder, batch);
          responder.leave();
          if (changes.at(-1)?.isPublished === false) table.takeBack();
          return given;
        });
        t.same(answers[1], answers[0]);
      });
    }),
    { numRuns: runs(60) },
  );
  t.end();
});

/** Names that come and go, what lies beside them, above and below, and in what zones. */
const SIGNED_ZONES = ['test', 'copy', 'deep.test', 'open.test'] as const;
const denials = fc
  .record({
    label: fc.oneof(
      fc.nat(120).map((n) => `m${n}x`),
      fc.constantFrom('', '*', 'a', 'n', 'n1', 'x.n2', 'zz', '\\000', 'ent', 'n3.ent'),
      fc.stringMatching(/^[a-z0-9]{1,9}$/),
    ),
    zone: fc.constantFrom(...SIGNED_ZONES),
    type: fc.constantFrom(1, 43, 47),
    wants: fc.boolean(),
  })
  .map(({ label, zone, type, wants }): Ask => {
    const name = label === '' ? zone : `${label}.${zone}`;
    return {
      query: buildQuery({ name, type, edns: { do: wants, udpBytes: 4096 } }),
      client: Uint8Array.of(192, 0, 2, 1),
    };
  });
const comings = fc.array(
  fc.record({
    label: fc.constantFrom('n1', 'n2', 'x.n2', 'n3.ent', 'b', '*'),
    zone: fc.constantFrom(...SIGNED_ZONES),
    isThere: fc.boolean(),
    isPublished: fc.boolean(),
  }),
  { maxLength: 3 },
);

for (const isHashed of [false, true]) {
  t.test(`denials of signed zones, ${isHashed ? 'of hashes' : 'of names'} that come and go`, (t) => {
    const signers = new Map(SIGNED_ZONES.slice(0, 3).map((name) => [name, new TestSigner(name.split('.'))]));
    const step = fc.record({ batch: fc.array(denials, { minLength: 1, maxLength: QUERIES_AT_ONCE }), comings });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
        const { table, makeResponder } = makeSigned([], { initialBytes: 2 ** 16 }, signers, isHashed);
        for (const name of SIGNED_ZONES) apply(table, zone(name), rrset(name, `a.${name}`, 'A', 60, '192.0.2.1'));
        // An order of more than a page.
        for (let i = 0; i < 100; i++) apply(table, rrset('test', `m${i}.test`, 'A', 60, '192.0.2.1'));
        const inTurn = makeResponder(1);
        const ahead = makeResponder(2);
        for (const { batch, comings } of steps) {
          for (const responder of [inTurn, ahead]) responder.enter(START_MS);
          for (const { label, zone, isThere, isPublished } of comings) {
            const name = `${label}.${zone}`;
            if (!isThere && !table.content.hasRRset(zone, name, 1)) continue;
            const problem = table.prepare([
              isThere ? rrset(zone, name, 'A', 60, '192.0.2.2') : { op: 'deleteRRset', zone, name, type: 1 },
            ]);
            if (problem !== undefined) throw new Error(problem.detail);
            if (isPublished) table.publish();
            else table.takeBack();
          }
          t.same(inPasses(ahead, batch), single(inTurn, batch));
          for (const responder of [inTurn, ahead]) responder.leave();
        }
      }),
      { numRuns: runs(20) },
    );
    t.end();
  });
}

t.test('what is looked at ahead and not what was guessed is answered all the same', (t) => {
  const { table, responder } = makeWorld();
  const query = (name: string): Ask => ({
    query: buildQuery({ id: 7, name, type: 1 }),
    client: Uint8Array.of(192, 0, 2, 9),
  });
  // The zone found last is the guess, and a wrong one for each second query.
  const batch = ['mail.example.test', 'a.other.test', 'mail.example.test', 'www.nobody.test'].map(query);
  responder.enter(START_MS);
  const answers = inPasses(responder, batch);
  responder.leave();
  t.match(answers[0], /c0000219$|c000021[9a]/);
  t.match(answers[1], /c0000263$/);
  t.equal(answers[2].slice(0, 40), answers[0].slice(0, 40));
  t.equal(Number.parseInt(answers[3].slice(7, 8), 16), 5, 'REFUSED');
  apply(table, rrset('example.test', 'mail.example.test', 'A', 300, '192.0.2.77'));
  responder.enter(START_MS);
  t.match(inPasses(responder, batch.slice(0, 1))[0], /c000024d$/, 'and by the generation that was entered');
  responder.leave();
  t.end();
});
