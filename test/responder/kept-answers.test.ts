/** Answers that are kept as they were sent are what would have been answered, byte for byte, of the same generation. */
import fc from 'fast-check';
import t from 'tap';
import type { ResponderOptions } from '../../src/responder/options.ts';
import { apply, makeTable, rrset, service, zone } from '../fixtures/table.ts';
import {
  type Ask,
  answers,
  buildAsk,
  cookieOf,
  limitedTo,
  messageMemory,
  testHistories,
  withCookies,
  withOptions,
} from './kept-history.ts';

const NAMES = ['www', 'WwW', 'two', 'app', 'x', 'gone', 'other.wild', 'sub.cut', 'mx', 'text', ''] as const;
const FLAGS = [0, 0x0100, 0x0110, 0x0020, 0x2800, 0x8000] as const;

const asksWith = (edns: typeof withOptions): fc.Arbitrary<Ask> =>
  fc
    .record({
      name: fc.constantFrom(...NAMES),
      type: fc.constantFrom(1, 1, 1, 28, 5, 15, 16, 255, 6),
      edns,
      flags: fc.constantFrom(0x0100, 0x0100, 0x0100, ...FLAGS),
      network: fc.nat(2),
      among: fc.constantFrom(1, 1, 1, 1, 255, 3),
    })
    .map(({ name, type, edns, flags, network, among }) => {
      const client = Uint8Array.of(192, 0, network, 1);
      const whole = name === '' ? 'example.test' : `${name}.example.test`;
      return { query: buildAsk(whole, type, edns(client), flags, among), client };
    });

const changes = fc
  .nat(3)
  .map((n) => [
    rrset('example.test', 'www.example.test', 'A', 300, `192.0.2.${100 + n}`),
    ...(n === 0 ? [rrset('example.test', 'gone.example.test', 'A', 300, '192.0.2.7')] : []),
  ]);

function makeWorld(responder: Partial<ResponderOptions>) {
  const made = makeTable({ initialBytes: 4096, responder });
  apply(
    made.table,
    zone('example.test'),
    rrset('example.test', 'www.example.test', 'A', 300, '192.0.2.80'),
    rrset('example.test', 'two.example.test', 'A', 300, '192.0.2.25', '192.0.2.26'),
    rrset('example.test', 'mx.example.test', 'MX', 300, '10 app.example.test.'),
    rrset('example.test', 'text.example.test', 'TXT', 300, `"${'y'.repeat(200)}"`),
    rrset('example.test', 'x.example.test', 'CNAME', 300, 'app.example.test.'),
    rrset('example.test', '*.wild.example.test', 'A', 300, '192.0.2.99'),
    rrset('example.test', 'cut.example.test', 'NS', 300, 'ns.elsewhere.test.'),
    service('example.test', 'app.example.test', { blue: [70, '192.0.2.1'], green: [30, '192.0.2.2'] }),
  );
  return made;
}

testHistories(t, 'the table changes', {
  asks: asksWith(withOptions),
  changes,
  makeWorld,
  useOf: ({ given }) => given,
  useMin: 100,
});

const ofCookies = { asks: asksWith(withCookies), changes, quiet: 6, useMin: 100 };
for (const [what, more] of Object.entries<Partial<ResponderOptions>>({
  'cookies are given back': {},
  'nothing is answered without cookies': { cookiesRequired: true },
  'cookies are the only options': { nsid: '' },
})) {
  testHistories(t, what, {
    ...ofCookies,
    makeWorld: (responder) => makeWorld({ ...responder, ...more }),
    useOf: ({ given }) => given,
  });
}
testHistories(t, 'there are no cookies of ours', {
  ...ofCookies,
  makeWorld: (responder) => makeWorld({ ...responder, cookieSecrets: [] }),
  // Such messages are left alone.
  useOf: ({ given }) => (given === 0 ? 200 : 0),
});

t.test('what is kept is not kept again for those whose cookies are not given back as they came', (t) => {
  const client = Uint8Array.of(192, 0, 2, 1);
  const { responder } = makeWorld(limitedTo(1000));
  const memory = messageMemory();
  const ask = (cookie: string) => ({
    query: buildAsk('www.example.test', 1, `00002904d000000000001c000a0018${cookie}`, 0x0100),
    client,
  });
  let kept = 0;
  const keep = responder.kept.keep.bind(responder.kept);
  responder.kept.keep = (...answer) => {
    kept++;
    return keep(...answer);
  };
  const batch = (cookie: string): void => {
    responder.enter(1_795_500_000_000);
    answers(responder, Array(4).fill(ask(cookie)), memory);
  };
  const good = cookieOf(client, 0);
  batch(good);
  batch(good);
  t.ok(responder.kept.given > 0);
  const before = kept;
  batch(cookieOf(client, 3000));
  batch(cookieOf(client, 5000));
  batch(`${good.slice(0, -2)}${good.endsWith('00') ? '01' : '00'}`);
  t.equal(kept, before);
  t.end();
});

t.test('where few messages find their answers most are not looked for, and later all are again', (t) => {
  const kept = makeWorld(limitedTo(1000));
  const whole = makeWorld(limitedTo(1000));
  const memory = messageMemory();
  let seconds = 1;
  const ask = (batches: number, nameOf: (batch: number, at: number) => string): number => {
    const before = kept.responder.kept.given;
    for (let batch = 0; batch < batches; batch++) {
      const asked = Array.from({ length: 8 }, (_, at) => ({
        query: buildAsk(`${nameOf(batch, at)}.example.test`, 1, '', 0x0100),
        client: Uint8Array.of(192, 0, 2, at),
      }));
      // A second each: the rate limit is for another test.
      seconds++;
      for (const { responder } of [kept, whole]) responder.enter(1000 * seconds);
      const expected = answers(whole.responder, asked, undefined);
      if (expected.join() !== answers(kept.responder, asked, memory).join()) t.fail(`batch ${batch}`);
    }
    return kept.responder.kept.given - before;
  };
  t.equal(
    ask(64, (batch, at) => `n${batch}-${at}`),
    0,
  );
  t.equal(
    ask(512, () => 'www'),
    0,
    'not looked for',
  );
  t.equal(
    ask(64, () => 'www'),
    512 - 8,
    'all but those of the batch that it was kept in',
  );
  t.end();
});
