/** What is answered from one zone: records, rotation, compression, denials, and answers that do not fit. */
import fc from 'fast-check';
import t from 'tap';
import { buildQuery, decode, type QueryFields, type Reply } from '../fixtures/dns-client.ts';
import { runs } from '../fixtures/runs.ts';
import { apply, askBytes, makeTable, rrset, service, zone } from '../fixtures/table.ts';

const apex = 'example.test';

function world(...records: [name: string, type: string, ttlSeconds: number, ...rdata: string[]][]) {
  const { table, responder } = makeTable();
  apply(table, zone(apex), ...records.map(([name, type, ttl, ...rdata]) => rrset(apex, name, type, ttl, ...rdata)));
  return { table, responder, ask: (query: QueryFields, udp = true) => asked(query, udp) };
  function asked(query: QueryFields, udp: boolean): Reply {
    return decode(askBytes(responder, buildQuery(query), udp) as Buffer);
  }
}

const data = (reply: Reply): string[] => reply.answers.map((record) => record.data);

t.test('each type is answered with its records and TTL', (t) => {
  const { ask } = world(
    ['www.example.test', 'A', 300, '192.0.2.1', '192.0.2.2'],
    ['www.example.test', 'AAAA', 301, '2001:db8::1'],
    ['example.test', 'MX', 302, '10 mail.example.test.', '20 mail.example.org.'],
    ['_sip._udp.example.test', 'SRV', 303, '1 2 5060 www.example.test.'],
    ['www.example.test', 'TXT', 304, '"a b" "c"'],
    ['www.example.test', 'TYPE65280', 305, '\\# 4 0a000001'],
  );
  const is = (name: string, type: string | number, ttl: number, ...expected: string[]): void => {
    const reply = ask({ name, type });
    t.same(data(reply).sort(), expected, `${name} ${type}`);
    t.ok(reply.answers.every((record) => record.ttl === ttl && record.class === 1 && record.name === `${name}.`));
  };
  is('www.example.test', 'A', 300, '192.0.2.1', '192.0.2.2');
  is('www.example.test', 'AAAA', 301, '2001:db8::1');
  is('example.test', 'MX', 302, '10 mail.example.test.', '20 mail.example.org.');
  is('_sip._udp.example.test', 'SRV', 303, '1 2 5060 www.example.test.');
  is('www.example.test', 'TXT', 304, '"a b" "c"');
  is('www.example.test', 65280, 305, '0a000001');
  is('example.test', 'NS', 3600, 'ns1.example.test.');
  is('example.test', 'SOA', 3600, 'ns1.example.test. hostmaster.example.test. 1 7200 3600 1209600 60');
  t.end();
});

t.test('names in the data of old types are compressed, in newer ones never (RFC 3597 §4)', (t) => {
  const long = 'a-rather-long-label-of-the-owner.example.test';
  const { ask } = world(
    [long, 'MX', 60, `10 mail.${long}.`, '20 mail.example.test.', '30 mail.example.org.'],
    [`_sip._udp.${long}`, 'SRV', 60, `1 2 5060 ${long}.`],
  );
  const mx = ask({ name: long, type: 'MX' });
  t.same(data(mx), [`10 mail.${long}.`, '20 mail.example.test.', '30 mail.example.org.']);
  // Owner pointer and fixed part 12, preference 2, then `mail` and a pointer: 7 bytes; outside the zone the whole name.
  const question = 12 + long.length + 2 + 4;
  t.equal(mx.bytes.length, question + 2 * (12 + 2 + 7) + (12 + 2 + 18));
  // The strict decoder refuses a compressed name in SRV.
  t.same(data(ask({ name: `_sip._udp.${long}`, type: 'SRV' })), [`1 2 5060 ${long}.`]);
  t.end();
});

t.test('pointers are right for every question: names of all lengths, under a wildcard, in any case', (t) => {
  const exchanges = ['1 mail.wild.example.test.', '2 *.wild.example.test.', '3 example.test.', '4 mail.example.org.'];
  const { ask } = world(['*.wild.example.test', 'MX', 60, ...exchanges]);
  const label = fc.stringMatching(/^[a-zA-Z0-9]{1,63}$/);
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 3 }), (labels) => {
      const reply = ask({ name: [...labels, 'Wild.Example.test'].join('.'), type: 'MX', edns: {} });
      // What a pointer shares with the question has the question's case.
      return data(reply).join().toLowerCase() === exchanges.join();
    }),
    { numRuns: runs(100) },
  );
  t.end();
});

t.test('addresses rotate: every one comes first about as often, and none is lost', (t) => {
  const all = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'];
  const { table, ask } = world(['www.example.test', 'A', 300, ...all]);
  apply(table, service(apex, 'app.example.test', { blue: [1, ...all], green: [0, '192.0.2.9'] }));
  for (const name of ['www.example.test', 'app.example.test']) {
    const first = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const got = data(ask({ name }));
      if (got.toSorted().join() !== all.join()) t.fail(`${got}`);
      first.set(got[0], (first.get(got[0]) ?? 0) + 1);
    }
    // 1000 expected each, a standard deviation of 27.
    t.ok(
      all.every((address) => Math.abs((first.get(address) ?? 0) - 1000) < 150),
      `${name}: ${[...first.values()]}`,
    );
  }
  t.end();
});

t.test('a denial lives as long as the lesser of the SOA’s TTL and MINIMUM (RFC 2308 §5)', (t) => {
  for (const [ttlSeconds, negativeTtlSeconds, expected] of [
    [3600, 60, 60],
    [30, 60, 30],
    [0, 60, 0],
    [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1],
  ]) {
    const { table, responder } = makeTable();
    apply(
      table,
      zone(apex, { ttlSeconds, negativeTtlSeconds }),
      rrset(apex, 'www.example.test', 'A', 300, '192.0.2.1'),
    );
    for (const [name, rcode] of [
      ['nope.example.test', 3],
      ['www.example.test', 0],
    ] as const) {
      const reply = decode(askBytes(responder, buildQuery({ name, type: 'TXT' })) as Buffer);
      t.match(reply, { rcode, aa: true, answers: [], authority: [{ name: 'example.test.', type: 6, ttl: expected }] });
      t.equal(reply.authority[0].data.split(' ')[6], String(negativeTtlSeconds), 'MINIMUM itself stays');
    }
  }
  t.end();
});

t.test('a denial at a service’s name does not outlive the service’s TTL', (t) => {
  const { table, ask } = world();
  apply(
    table,
    service(apex, 'app.example.test', { blue: [1, '192.0.2.1'], green: [0, '2001:db8::1'] }, { ttlSeconds: 5 }),
  );
  t.match(ask({ name: 'app.example.test', type: 'AAAA' }), { rcode: 0, answers: [], authority: [{ type: 6, ttl: 5 }] });
  t.match(ask({ name: 'app.example.test', type: 'TXT' }), { authority: [{ type: 6, ttl: 5 }] });
  t.match(ask({ name: 'nope.example.test', type: 'A' }), { authority: [{ type: 6, ttl: 60 }] });
  t.end();
});

t.test('an answer is whole or not there: what does not fit sets TC (RFC 2181 §9)', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 200 }),
      fc.option(fc.integer({ min: 0, max: 4096 }), { nil: undefined }),
      (count, size, udpBytes) => {
        const texts = Array.from({ length: count }, (_, i) => `"${i}${'x'.repeat(size)}"`);
        const { ask } = world(['big.example.test', 'TXT', 60, ...texts]);
        const query = {
          name: 'big.example.test',
          type: 'TXT',
          ...(udpBytes === undefined ? {} : { edns: { udpBytes } }),
        };
        const limit = udpBytes === undefined ? 512 : Math.min(1232, Math.max(512, udpBytes));
        const [udp, tcp] = [ask(query), ask(query, false)];
        if (tcp.tc || tcp.answers.length !== count) throw new Error('over TCP it is whole');
        if (udp.bytes.length > limit) throw new Error(`${udp.bytes.length} bytes, the limit is ${limit}`);
        if (udp.tc !== tcp.bytes.length > limit) throw new Error(`${tcp.bytes.length} bytes, TC is ${udp.tc}`);
        if (udp.answers.length !== (udp.tc ? 0 : count)) throw new Error(`${udp.answers.length} of ${count} records`);
      },
    ),
    { numRuns: runs(100) },
  );
  t.end();
});
