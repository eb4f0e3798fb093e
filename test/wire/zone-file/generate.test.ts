/** `$GENERATE` means what it means to BIND, and cannot be used to fill the memory. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of the directive.
import t from 'tap';
import { read } from './read.ts';

/** The lines behind `$TTL 6`, the records without their TTL; as named-checkzone 9.18 prints them. */
const table: readonly [what: string, line: string, records: readonly string[]][] = [
  [
    'the number in owner and RDATA',
    '$GENERATE 1-3 a$ A 192.0.2.$',
    ['a1 A 192.0.2.1', 'a2 A 192.0.2.2', 'a3 A 192.0.2.3'],
  ],
  ['a step', '$GENERATE 1-6/2 a$ TXT $', ['a1 TXT "1"', 'a3 TXT "3"', 'a5 TXT "5"']],
  ['the last step need not meet the end', '$GENERATE 0-4/3 a$ TXT $', ['a0 TXT "0"', 'a3 TXT "3"']],
  ['an offset', '$GENERATE 9-9 a${1} TXT ${-9} ', ['a10 TXT "0"']],
  ['an offset with its sign', '$GENERATE 9-9 a${+1} TXT x', ['a10 TXT "x"']],
  ['a width', '$GENERATE 9-10 a${0,3} TXT ${0,2,d}', ['a009 TXT "09"', 'a010 TXT "10"']],
  ['octal and hex', '$GENERATE 171-171 a${0,0,o} TXT ${0,4,x}${0,1,X}', ['a253 TXT "00abAB"']],
  ['nibbles, the width counting dots', '$GENERATE 16-16 ${0,7,n} TXT "${0,0,n} ${0,3,N}"', ['0.1.0.0 TXT "0.1" "0.1"']],
  ['an even width of nibbles ends in a dot', '$GENERATE 171-171 a${0,8,n}b TXT ${0,2,N}', ['ab.a.0.0.b TXT "B.A"']],
  ['dollar signs', '$GENERATE 1-1 a$$b TXT x\\$$$', ['a\\$b TXT "x$$"']],
  [
    'TTL and class in either order',
    '$GENERATE 1-1 a$ IN 7 TXT x\n$GENERATE 1-1 b$ 8 IN TXT x',
    ['a1 TXT "x"', 'b1 TXT "x"'],
  ],
  [
    'RDATA of several words in quotes',
    '$GENERATE 1-2 a$ MX "10 mail$"',
    ['a1 MX 10 mail1.example.', 'a2 MX 10 mail2.example.'],
  ],
  ['quotes within quotes', '$GENERATE 1-1 a$ TXT "\\"hi $\\" x"', ['a1 TXT "hi 1" "x"']],
  ['the origin', '$GENERATE 1-1 @ CNAME b.$.', ['@ CNAME b.1.']],
  [
    'the last owner stays',
    'q TXT x\n$GENERATE 1-1 a$ TXT x ; comment\n TXT y',
    ['q TXT "x"', 'a1 TXT "x"', 'q TXT "y"'],
  ],
];

for (const [what, line, records] of table) {
  t.test(what, async (t) => {
    const reading = read(`$TTL 6\n${line}\n`);
    t.same(reading.errors, []);
    const found = reading.records.map((record) => record.replace(/ \d+ /, ' '));
    t.same(
      found,
      records.map((record) =>
        record.replace(/^(\S+) /, (_, owner) => (owner === '@' ? 'example. ' : `${owner}.example. `)),
      ),
    );
  });
}

t.test('its TTL does not count for records behind it', async (t) => {
  t.same(read('a 6 TXT x\n$GENERATE 1-1 b 9 TXT x\nc TXT x\n').records, [
    'a.example. 6 TXT "x"',
    'b.example. 9 TXT "x"',
    'c.example. 6 TXT "x"',
  ]);
});

const bad: readonly [line: string, error: RegExp][] = [
  ['$GENERATE 1-3 a$ A', /^1:1 generate_invalid \$GENERATE range owner/],
  ['$GENERATE 3-1 a$ TXT x', /^1:11 generate_invalid a range such as 1-20/],
  ['$GENERATE 1-2/0 a$ TXT x', /^1:11 generate_invalid a range/],
  ['$GENERATE 1-2147483648 a$ TXT x', /^1:11 generate_invalid a range/],
  ['$GENERATE -1-2 a$ TXT x', /^1:11 generate_invalid a range/],
  ['$GENERATE 1-3 a${0,3 TXT x', /^1:15 generate_invalid \$\{offset,width,base\}/],
  ['$GENERATE 1-3 a${0,3,q} TXT x', /^1:15 generate_invalid \$\{offset,width,base\}/],
  ['$GENERATE 1-3 a${0,999} TXT x', /^1:15 generate_invalid/],
  ['$GENERATE 1-3 a${-2} TXT x', /^1:11 generate_invalid for 1: an offset must leave a number from 0/],
  ['$GENERATE 1-3 a$ MX 10 mail$', /^1:24 generate_invalid RDATA in one word or in quotes/],
  ['$GENERATE 1-3 a$ AA x', /^1:18 type_unknown/],
  ['$GENERATE 1-9 a$ A 192.0.2.250$', /^1:11 generate_invalid for 1: an IPv4 address/],
  ['$GENERATE 1-3 ..$ TXT x', /^1:11 generate_invalid for 1: a label cannot be empty/],
  ['$GENERATE 0-1048576 a$ TXT x', /^1:11 generate_invalid all \$GENERATE lines together make at most 1048576/],
];

for (const [line, error] of bad) {
  t.test(`refused: ${line}`, async (t) => {
    const { errors } = read(`${line.replace(' TXT', ' 6 TXT')}\n`);
    t.equal(errors.length, 1);
    t.match(errors[0], error);
  });
}

t.test('the bound is one for all lines of a file', async (t) => {
  const line = '$GENERATE 0-699999 a$ 6 TYPE0 x\n';
  t.match(read(line).errors[0], /type_unknown/, 'a line that makes nothing counts nothing');
  const many = Array.from({ length: 3 }, () => '$GENERATE 0-400000 $ 6 A 192.0.2.x\n').join('');
  const { errors } = read(many);
  t.match(errors, [/^1:11 .*for 0/, /^2:11 .*for 0/, /^3:11 .*all \$GENERATE lines together/]);
});
