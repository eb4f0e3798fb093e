/** `node tools/blue-green-pictures.ts`: draws the pictures of docs/blue-green.md, which a test compares with what it draws. */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { draw, type Picture } from './drawing.ts';

const WIDTH = 860;
const customers = { x: 16, y: 0, width: 120, lines: ['Customers'] };

/** By the name of the file. */
const pictures: Readonly<Record<string, Picture>> = {
  'blue-green-two-ways': {
    title: 'In place, and two environments',
    description:
      'In place, one environment is v1, then neither, then v2. With two, blue goes on while green is made ready.',
    width: WIDTH,
    boxes: {
      now: { x: 16, y: 0, width: 190, kind: 'blue', lines: ['In place', 'v1 at 192.0.2.10'] },
      between: { x: 330, y: 0, width: 190, kind: 'gone', lines: ['the same machines', 'v1 ends, v2 begins'] },
      after: { x: 644, y: 0, width: 200, kind: 'green', lines: ['v2 at 192.0.2.10', 'back: install v1 again'] },
      blue: { x: 16, y: 90, width: 190, kind: 'blue', lines: ['Blue/green', 'v1 at 192.0.2.10', 'all traffic'] },
      both: { x: 330, y: 90, width: 190, kind: 'teal', lines: ['both run', 'weights 90 and 10', 'then 0 and 100'] },
      green: {
        x: 644,
        y: 90,
        width: 200,
        kind: 'green',
        lines: ['v2 at 192.0.2.20', 'all traffic', 'back: one call, v1 still runs'],
      },
    },
    arrows: [
      { from: 'now', to: 'between', label: 'stop' },
      { from: 'between', to: 'after', label: 'start, hope' },
      { from: 'blue', to: 'both', label: 'test, shift' },
      { from: 'both', to: 'green', label: 'drain, stop v1' },
    ],
  },
  'blue-green-query': {
    title: "A query's way, and what is kept on it",
    description:
      'A client asks its resolver. The resolver asks the root, the parent and Teal, and keeps each answer for its TTL.',
    width: WIDTH,
    boxes: {
      client: { x: 16, y: 62, width: 150, lines: ['Client', 'browser, app, curl', 'keeps some seconds'] },
      resolver: {
        ...{ x: 340, y: 30, width: 220, kind: 'cache' },
        lines: [
          'Resolver, with a cache',
          '  test.         NS  a day',
          '  example.test. NS  an hour',
          '  shop…         A   5 s',
          'counts each TTL down to 0',
        ],
      },
      root: { x: 684, y: 0, width: 160, lines: ['Root, and .test', 'who has the zone?'] },
      teal: {
        x: 660,
        y: 84,
        width: 184,
        kind: 'teal',
        lines: ['Teal, authoritative', 'for example.test', 'picks a pool by weight'],
      },
      blue: { x: 16, y: 186, width: 190, kind: 'blue', lines: ['blue 192.0.2.10', 'v1'] },
      green: { x: 340, y: 186, width: 190, kind: 'green', lines: ['green 192.0.2.20', 'v2'] },
    },
    arrows: [
      { from: 'client', to: 'resolver', label: '1 shop.example.test?', shift: [0, -2] },
      { from: 'resolver', to: 'root', label: '2 once a day', isDashed: true, shift: [-8, -8] },
      { from: 'resolver', to: 'teal', label: '3 every 5 s', shift: [-4, 26] },
      { from: 'client', to: 'blue', label: '4 HTTP, to what it got', shift: [-10, 10] },
      { from: 'client', to: 'green' },
    ],
    notes: [
      { x: 556, y: 200, text: 'HTTP passes neither of them: who has an' },
      { x: 556, y: 218, text: 'address uses it until its TTL is over, and' },
      { x: 556, y: 236, text: 'an open connection as long as it is open.' },
    ],
  },
  'blue-green-chain': {
    title: 'A CNAME is followed, and each record is kept for its own time',
    description:
      'The provider answers www as a CNAME for 300 seconds, Teal answers its target for 5: only that is asked again.',
    width: WIDTH,
    boxes: {
      client: { x: 16, y: 44, width: 120, lines: ['Client', 'www, please'] },
      resolver: {
        ...{ x: 206, y: 26, width: 330, kind: 'cache' },
        lines: [
          'Resolver, 4 s later',
          '  www    CNAME www.go    296 s left',
          '  www.go A     192.0.2.10  1 s left',
          'answers both, with a TTL each',
        ],
      },
      provider: { x: 634, y: 0, width: 210, lines: ['Your DNS provider', '  www 300 CNAME www.go…'] },
      teal: { x: 634, y: 78, width: 210, kind: 'teal', lines: ['Teal', '  www.go 5 A 192.0.2.10'] },
    },
    arrows: [
      { from: 'client', to: 'resolver' },
      { from: 'resolver', to: 'provider', label: 'every 300 s', isDashed: true, shift: [-6, -10] },
      { from: 'resolver', to: 'teal', label: 'every 5 s', shift: [-2, 24] },
    ],
  },
  'blue-green-caches': {
    title: 'Three caches after a shift from blue to green, TTL 5 s',
    description:
      'At the shift all three hold blue with 1, 3 and 5 seconds left. Each asks again when its own time is over and gets green.',
    width: WIDTH,
    boxes: {
      r1: { x: 16, y: 0, width: 130, kind: 'cache', lines: ['Resolver one'] },
      a1: { x: 160, y: 0, width: 110, kind: 'blue', lines: ['blue, 1 s left'] },
      b1: { x: 280, y: 0, width: 564, kind: 'green', lines: ['green'] },
      r2: { x: 16, y: 44, width: 130, kind: 'cache', lines: ['Resolver two'] },
      a2: { x: 160, y: 44, width: 290, kind: 'blue', lines: ['blue, 3 s left'] },
      b2: { x: 460, y: 44, width: 384, kind: 'green', lines: ['green'] },
      r3: { x: 16, y: 88, width: 130, kind: 'cache', lines: ['Resolver three'] },
      a3: { x: 160, y: 88, width: 470, kind: 'blue', lines: ['blue, asked just before the shift: 5 s left'] },
      b3: { x: 640, y: 88, width: 204, kind: 'green', lines: ['green'] },
    },
    notes: [
      { x: 160, y: 144, text: '↑ the shift: from here on' },
      { x: 160, y: 162, text: 'Teal answers green alone' },
      { x: 560, y: 144, text: '5 s later ↑' },
      { x: 660, y: 144, text: 'and 2 s of margin: drained,' },
      { x: 660, y: 162, text: 'blue may be stopped' },
    ],
  },
  'blue-green-subzone': {
    title: 'A delegated subzone, and a CNAME from the old zone',
    description:
      'The old zone stays where it is. It delegates go.example.com to Teal, and www is a CNAME to a service in it.',
    width: WIDTH,
    boxes: {
      old: {
        ...{ x: 16, y: 0, width: 356 },
        lines: [
          'example.com, at your DNS provider as ever',
          '  www     300   CNAME www.go.example.com.',
          '  go      86400 NS    ns1.go.example.com.',
          '  go      86400 NS    ns2.go.example.com.',
          '  ns1.go  86400 A     192.0.2.53',
          '  ns2.go  86400 A     198.51.100.53',
        ],
      },
      teal: {
        ...{ x: 470, y: 0, width: 374, kind: 'teal' },
        lines: ['go.example.com, at Teal', 'service www.go.example.com, TTL 5'],
      },
      blue: { x: 470, y: 92, width: 180, kind: 'blue', lines: ['blue', '  A 192.0.2.10'] },
      green: { x: 664, y: 92, width: 180, kind: 'green', lines: ['green', '  A 192.0.2.20'] },
    },
    arrows: [
      { from: 'old', to: 'teal', label: 'CNAME, NS' },
      { from: 'teal', to: 'blue', label: '90', shift: [-14, 8] },
      { from: 'teal', to: 'green', label: '10', shift: [16, 8] },
    ],
  },
  'blue-green-zone': {
    title: 'A whole zone',
    description: 'The registry delegates example.com to Teal, which has its services and all of its other records.',
    width: WIDTH,
    boxes: {
      parent: {
        ...{ x: 16, y: 0, width: 356 },
        lines: [
          'com, as you enter it at the registrar',
          '  example.com.     NS ns1.example.com.',
          '  example.com.     NS ns2.example.com.',
          '  ns1.example.com. A  192.0.2.53',
          '  ns2.example.com. A  198.51.100.53',
        ],
      },
      teal: {
        ...{ x: 470, y: 0, width: 374, kind: 'teal' },
        lines: [
          'example.com, at Teal',
          '  @    3600 MX  10 mail.example.com.',
          '  mail 3600 A   192.0.2.25',
          '  @    3600 TXT "v=spf1 mx -all"',
          'services example.com, www, api: TTL 5',
        ],
      },
    },
    arrows: [{ from: 'parent', to: 'teal', label: 'NS, glue' }],
  },
  'blue-green-addresses': {
    title: 'Addresses of load balancers',
    description: 'The service answers A and AAAA records with the addresses of the load balancers of one environment.',
    width: WIDTH,
    boxes: {
      customers: { ...customers, y: 24 },
      teal: { x: 190, y: 24, width: 210, kind: 'teal', lines: ['shop.example.com', 'A and AAAA, TTL 5'] },
      blue: { x: 480, y: 0, width: 230, kind: 'blue', lines: ['blue', '  A    192.0.2.10', '  AAAA 2001:db8::10'] },
      green: { x: 480, y: 84, width: 230, kind: 'green', lines: ['green', '  A    192.0.2.20', '  AAAA 2001:db8::20'] },
      v1: { x: 770, y: 0, width: 74, kind: 'blue', lines: ['v1', 'servers'] },
      v2: { x: 770, y: 84, width: 74, kind: 'green', lines: ['v2', 'servers'] },
    },
    arrows: [
      { from: 'customers', to: 'teal' },
      { from: 'teal', to: 'blue', label: '90' },
      { from: 'teal', to: 'green', label: '10', shift: [-8, 12] },
      { from: 'blue', to: 'v1' },
      { from: 'green', to: 'v2' },
    ],
  },
  'blue-green-names': {
    title: 'Host names of providers',
    description:
      'The service answers a CNAME with the host name of one environment, whose addresses the provider answers.',
    width: WIDTH,
    boxes: {
      teal: { x: 16, y: 24, width: 200, kind: 'teal', lines: ['www.example.com', 'CNAME, TTL 5'] },
      blue: { x: 290, y: 0, width: 260, kind: 'blue', lines: ['blue', '  CNAME blue.lb.example.net.'] },
      green: { x: 290, y: 70, width: 260, kind: 'green', lines: ['green', '  CNAME green.lb.example.net.'] },
      provider: {
        ...{ x: 626, y: 0, width: 218 },
        lines: [
          'example.net, the provider',
          '  blue.lb  60 A 203.0.113.10',
          '  green.lb 60 A 203.0.113.20',
          'its addresses, its TTLs',
        ],
      },
    },
    arrows: [
      { from: 'teal', to: 'blue', label: '90' },
      { from: 'teal', to: 'green', label: '10', shift: [-8, 12] },
      { from: 'blue', to: 'provider' },
      { from: 'green', to: 'provider' },
    ],
  },
  'blue-green-sites': {
    title: 'Two sites',
    description:
      'Each pool has an address at each site, and a nameserver stands at each. Health checks leave a dead site out.',
    width: WIDTH,
    boxes: {
      ns1: { x: 16, y: 0, width: 190, kind: 'teal', lines: ['Teal at site one', '  ns1 A 192.0.2.53'] },
      ns2: { x: 16, y: 84, width: 190, kind: 'teal', lines: ['Teal at site two', '  ns2 A 198.51.100.53'] },
      service: { x: 276, y: 40, width: 190, lines: ['shop.example.com', 'A, with health checks'] },
      blue: {
        x: 560,
        y: 0,
        width: 284,
        kind: 'blue',
        lines: ['blue', '  A 192.0.2.10      site one', '  A 198.51.100.10   site two'],
      },
      green: {
        x: 560,
        y: 84,
        width: 284,
        kind: 'green',
        lines: ['green', '  A 192.0.2.20      site one', '  A 198.51.100.20   site two'],
      },
    },
    arrows: [
      { from: 'ns1', to: 'service' },
      { from: 'ns2', to: 'service' },
      { from: 'service', to: 'blue', label: '90' },
      { from: 'service', to: 'green', label: '10', shift: [-8, 14] },
    ],
  },
  'blue-green-apex': {
    title: 'The apex',
    description:
      'example.com itself has SOA, NS and often MX, beside which no CNAME may stand; a service of addresses may.',
    width: WIDTH,
    boxes: {
      apex: {
        ...{ x: 16, y: 0, width: 340, kind: 'teal' },
        lines: [
          'example.com, the apex',
          '  @ SOA ns1.example.com. …',
          '  @ NS  ns1.example.com.',
          '  @ MX  10 mail.example.com.',
          'service example.com: A, AAAA',
        ],
      },
      blue: { x: 440, y: 0, width: 404, kind: 'blue', lines: ['blue', '  A 192.0.2.10'] },
      green: { x: 440, y: 58, width: 404, kind: 'green', lines: ['green', '  A 192.0.2.20'] },
      not: {
        x: 440,
        y: 116,
        width: 404,
        kind: 'gone',
        lines: ['Not here', '  @ CNAME blue.lb.example.net.   RFC 1034 §3.6.2'],
      },
    },
    arrows: [
      { from: 'apex', to: 'blue', label: '90' },
      { from: 'apex', to: 'green', label: '10', shift: [0, 18] },
    ],
  },
};

/** Every picture as an SVG document, by the name of its file. */
export const drawn = new Map(
  Object.entries(pictures).map(([name, picture]) => [`docs/images/${name}.svg`, draw(picture)]),
);

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const [name, text] of drawn) writeFileSync(name, text);
