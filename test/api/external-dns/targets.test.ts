/** Targets as ExternalDNS writes them: of any length, and no longer than a record can be. */
import t from 'tap';
import { normalTarget } from '../../../src/api/external-dns/targets.ts';

/** Bytes of text that fill RDATA (RFC 1035 §3.2.1), with a byte of length for each string of 255. */
const TEXT_MAX_BYTES = 65_535 - 256;

t.test('a text is as long as its record can be, however it is written', async (t) => {
  const written = ['a', '\\200', '\\"', '\\\\'];
  for (const unit of written) {
    t.equal(normalTarget('TXT', `"${unit.repeat(TEXT_MAX_BYTES)}"`), `"${unit.repeat(TEXT_MAX_BYTES)}"`, unit);
    t.equal(normalTarget('TXT', `"${unit.repeat(TEXT_MAX_BYTES + 2)}"`), undefined, unit);
  }
  t.equal(normalTarget('TXT', `"${'é'.repeat(300)}"`), `"${'\\195\\169'.repeat(300)}"`);
});

t.test('a text of a whole body is refused by its length, before anything is made of its characters', async (t) => {
  const text = {
    length: 8 * 2 ** 20,
    startsWith: () => t.fail('it is looked at'),
    slice: () => t.fail('it is copied'),
  };
  t.equal(normalTarget('TXT', text as unknown as string), undefined);
});
