/** Zones of every shape, signed by the signers of BIND and ldns: by NSEC, by NSEC3, and by NSEC3 with salt, iterations and opt-out. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const many = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');
const label63 = 'l'.repeat(63);

/** Lines of `owner TTL TYPE rdata`, owners relative; SOA apart. `{apex}` is the zone's own name. */
const shapes = `
@ 3600 NS ns1
@ 3600 NS ns.elsewhere.invalid.
@ 300 MX 10 mail
@ 300 TXT "apex"
@ 300 A 192.0.2.1
ns1 300 A 192.0.2.53
ns1 300 AAAA 2001:db8::53
mail 300 A 192.0.2.25
www 300 A 192.0.2.80
www 300 A 192.0.2.81
www 300 AAAA 2001:db8::80
types 60 HINFO "CPU" "OS"
types 60 CAA 0 issue "ca.example"
types 60 TYPE65280 \\# 4 0a000001
types 60 SRV 10 60 5060 mail
zero 0 A 192.0.2.9
one.two.three.four 300 A 192.0.2.2
a.b.c.d.e.f.g.h.i.j.k 300 TXT "deep"
ent.below 300 A 192.0.2.3
*.wild 300 A 192.0.2.4
exact.wild 300 TXT "no address here"
deep.ent.wild 300 TXT "an empty non-terminal below a wildcard"
*.cwild 300 CNAME www
*.nwild 300 CNAME nope
under.*.star 300 TXT "a star that only exists through this"
*.star2.star2 300 MX 5 mail
alias 300 CNAME www
alias2 300 CNAME alias
to-nothing 300 CNAME nope
to-wild 300 CNAME x.wild
to-cut 300 CNAME x.cut
to-tree 300 CNAME www.tree
loop 300 CNAME loop2
loop2 300 CNAME loop
outside 300 CNAME www.elsewhere.invalid.
tree 300 DNAME one.two
into-ent 300 DNAME three.four
to-other 300 DNAME {other}.
cut 300 NS ns.cut
cut 300 NS ns1
ns.cut 300 A 192.0.2.42
ns.cut 300 AAAA 2001:db8::42
safe 300 NS ns.safe
safe 300 DS 12345 13 2 49FD46E6C4B45C55D4AC69CBD3CD34AC1AFE51DE8A2F5F1D0D5C1E0E9C2A1F3B
ns.safe 300 A 192.0.2.43
bare 300 NS ns.elsewhere.invalid.
in.ent-cut 300 NS ns.elsewhere.invalid.
in.ent-both 300 NS ns.elsewhere.invalid.
at.ent-both 300 A 192.0.2.44
deep.er.cut2 300 NS ns.deep.er.cut2
ns.deep.er.cut2 300 A 192.0.2.45
wcut.wild 300 NS ns.elsewhere.invalid.
${label63} 300 A 192.0.2.60
${label63}.${label63} 300 A 192.0.2.61
\\000\\255 300 A 192.0.2.62
a\\.b 300 A 192.0.2.63
_under_score 300 A 192.0.2.65
${many(120, (i) => `n${(i * 7919) % 1000} 300 A 192.0.2.${i}`)}
${many(20, (i) => `u${i} 300 NS ns${i % 3}.elsewhere.invalid.`)}
`;

export interface SignedZone {
  readonly apex: string;
  /** The zone as its signer wrote it. */
  readonly file: string;
  /** Owners as they stand in it, relative. */
  readonly owners: readonly string[];
}

type Signer = (folder: string, apex: string) => void;

const keyed = (folder: string, apex: string): string => {
  execFileSync('ldns-keygen', ['-a', 'ECDSAP256SHA256', '-k', apex], { cwd: folder, stdio: 'pipe' });
  return (readdirSync(folder).find((file) => file.startsWith(`K${apex}.`) && file.endsWith('.key')) as string).slice(
    0,
    -4,
  );
};

const byLdns =
  (...options: string[]): Signer =>
  (folder, apex) => {
    const key = keyed(folder, apex);
    execFileSync('ldns-signzone', ['-f', `${apex}.signed`, '-o', apex, ...options, `${apex}.zone`, key], {
      cwd: folder,
      stdio: 'pipe',
    });
  };

const byBind =
  (...options: string[]): Signer =>
  (folder, apex) => {
    execFileSync('dnssec-keygen', ['-q', '-a', 'ECDSAP256SHA256', '-f', 'KSK', apex], { cwd: folder, stdio: 'pipe' });
    execFileSync('dnssec-keygen', ['-q', '-a', 'ECDSAP256SHA256', apex], { cwd: folder, stdio: 'pipe' });
    const command = ['-q', '-S', '-x', '-O', 'full', '-f', `${apex}.signed`, '-o', apex, ...options, `${apex}.zone`];
    execFileSync('dnssec-signzone', command, { cwd: folder, stdio: 'pipe' });
  };

const signers: Readonly<Record<string, Signer>> = {
  'nsec.signed.test': byBind(),
  'nsec3.signed.test': byLdns('-n', '-t', '0'),
  'salted.signed.test': byBind('-3', 'aabbccdd', '-H', '5', '-A'),
  'often.signed.test': byLdns('-n', '-p', '-t', '150', '-s', '00'),
};

/** One name alone: a chain that leads to itself. */
const small: Readonly<Record<string, Signer>> = {
  'one.signed.test': byLdns('-n', '-t', '1', '-s', 'ff'),
  'two.signed.test': byBind(),
};

/** Signs all of them; takes some seconds. */
export function signZones(): SignedZone[] {
  const folder = mkdtempSync(join(tmpdir(), 'teal-signed-'));
  const apexes = Object.keys(signers);
  const own = apexes.map((apex, i) => {
    const other = `one.two.three.four.${apexes[(i + 1) % apexes.length]}`.replace(/^one\.two\./, '');
    return [
      apex,
      `${shapes.replaceAll('{other}', other)}\nover 300 CNAME www.${apexes[(i + 1) % apexes.length]}.`,
    ] as const;
  });
  const few = Object.keys(small).map((apex) => [apex, '@ 60 NS ns.elsewhere.invalid.'] as const);
  try {
    return [...own, ...few].map(([apex, text]) => {
      const lines = text.split('\n').filter((line) => line.trim() !== '');
      const soa = `@ 3600 SOA ns1 hostmaster 1 7200 3600 1209600 60`;
      writeFileSync(join(folder, `${apex}.zone`), `$ORIGIN ${apex}.\n$TTL 300\n${[soa, ...lines].join('\n')}\n`);
      (signers[apex] ?? small[apex] ?? byBind())(folder, apex);
      const file = readFileSync(join(folder, `${apex}.signed`), 'latin1');
      return { apex, file, owners: [...new Set(lines.map((line) => line.split(' ')[0] as string))] };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
