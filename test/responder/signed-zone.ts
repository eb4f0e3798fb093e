/** A zone of every shape in a table that is signed, and a client that validates; for tests. */
import type { TableChange } from '../../src/table/changes.ts';
import { NO_SIGNERS } from '../../src/table/rrset-signer.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import { typeCode } from '../fixtures/dns-decode.ts';
import { isAtOrBelow } from '../fixtures/dnssec/bogus.ts';
import { type Message, readMessage, textOf } from '../fixtures/dnssec/message.ts';
import { TestSigner } from '../fixtures/dnssec/signer.ts';
import { type Trust, whyBogus } from '../fixtures/dnssec/validator.ts';
import { askBytes, makeTable, rrset, service, zone } from '../fixtures/table.ts';

const RRSIG = 46;
const codes: Readonly<Record<string, number>> = { RRSIG, NSEC: 47, DNSKEY: 48, NSEC3: 50, NSEC3PARAM: 51 };

function codeOf(type: string): number {
  return codes[type] ?? typeCode(type);
}

/** A table in which the zones are signed, and a client that validates. */
export function makeSigned(
  zones: readonly string[],
  options: Parameters<typeof makeTable>[0] = {},
  signers = new Map(zones.map((zone) => [zone, new TestSigner(zone.split('.'))])),
  isHashed = false,
) {
  const made = makeTable(options);
  made.table.signWith({ ...NO_SIGNERS, of: (zone) => signers.get(zone), isHashed: () => isHashed });
  const ask = (name: string, type = 'A', wantsDnssec = true, udp = false, udpBytes = 1232): Message => {
    const edns = { do: wantsDnssec, udpBytes };
    const reply = askBytes(made.responder, buildQuery({ name, type: codeOf(type), edns }), udp);
    return readMessage(reply as Buffer);
  };
  const trust = (insecure: readonly string[] = []): Trust => ({
    zones: new Map([...signers].map(([zone, { key }]) => [zone, key])),
    isInsecure: (name) => {
      const all = [...zones, ...insecure].filter((zone) => isAtOrBelow(name, zone.split('.')));
      const closest = all.sort((a, b) => b.length - a.length)[0];
      return closest === undefined || insecure.includes(closest);
    },
  });
  const bogus = (name: string, type = 'A', insecure: readonly string[] = []): string | undefined =>
    whyBogus(ask(name, type), name.split('.'), codeOf(type), trust(insecure));
  return { ...made, signers, ask, trust, bogus };
}

/** `type owner` of each record of a section. */
export function shown({ records }: Message, section: string): string[] {
  return records.filter((record) => record.section === section).map(({ type, owner }) => `${type} ${textOf(owner)}`);
}

export const content: TableChange[] = [
  zone('test'),
  rrset('test', 'www.test', 'A', 60, '192.0.2.1', '192.0.2.2'),
  rrset('test', 'www.test', 'MX', 60, '10 Mail.test.', '20 mail.elsewhere.invalid.'),
  rrset('test', 'mail.test', 'A', 60, '192.0.2.3'),
  rrset('test', 'a.b.c.test', 'TXT', 60, '"deep"'),
  rrset('test', '*.wild.test', 'A', 60, '192.0.2.4'),
  rrset('test', 'alias.test', 'CNAME', 60, 'www.test.'),
  rrset('test', '*.alias.wild.test', 'CNAME', 60, 'nope.test.'),
  rrset('test', 'tree.test', 'DNAME', 60, 'c.test.'),
  rrset('test', 'secure.test', 'NS', 60, 'ns.secure.test.'),
  rrset('test', 'secure.test', 'DS', 60, '12345 13 2 49FD46E6C4B45C55D4AC69CBD3CD34AC1AFE51DE8A2F5F1D0D5C1E0E9C2A1F3B'),
  rrset('test', 'ns.secure.test', 'A', 60, '192.0.2.5'),
  rrset('test', 'plain.test', 'NS', 60, 'ns.plain.test.'),
  rrset('test', 'ns.plain.test', 'A', 60, '192.0.2.6'),
  service('test', 'app.test', { blue: [1, '198.51.100.1', '2001:db8::1'], green: [0, '203.0.113.1'] }),
];
export const all = [
  ...[
    'test',
    'www.test',
    'mail.test',
    'b.c.test',
    'c.test',
    'a.b.c.test',
    'n.a.b.c.test',
    'nope.test',
    '0.test',
    'zzz.test',
  ],
  ...['n.wild.test', 'n.n.wild.test', '*.wild.test', 'wild.test', 'alias.test', 'x.alias.wild.test', 'tree.test'],
  ...[
    'a.b.tree.test',
    'nope.tree.test',
    'secure.test',
    'n.secure.test',
    'ns.secure.test',
    'plain.test',
    'n.plain.test',
  ],
  ...['app.test', 'green.app.test', 'blue.app.test', 'red.app.test', 'n.green.app.test'],
];
export const types = ['A', 'AAAA', 'TXT', 'MX', 'NS', 'SOA', 'DS', 'CNAME', 'DNAME', 'NSEC', 'RRSIG', 'ANY'];
