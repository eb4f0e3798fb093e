/** Every setting: its limits, its default, and the words for what is expected of it. */
import type { StaticDecode, TProperties } from 'typebox';
import { Type } from '../contract/type.ts';
import type { Endpoint } from '../sockets/address.ts';
import { UDP_TRANSPORTS, UDP_TRANSPORTS_WORDS } from '../sockets/transports.ts';
import { READERS_PER_PLACE } from '../table/layout.ts';
import { ARENA_MAX_BYTES } from '../table/memory.ts';
import { MAX_CHARACTER_STRING_BYTES } from '../wire/constants.ts';
import { COOKIE_SECRET_BYTES, NSID_MAX_BYTES } from '../wire/edns.ts';
import { Malformed } from '../wire/malformed.ts';
import { parseNetwork } from '../wire/network.ts';
import { bootstrap } from './bootstrap.ts';
import { console } from './console.ts';
import { parseEndpoint } from './endpoint.ts';
import { mail } from './mail.ts';

/** What a setting says about itself beside its JSON Schema. */
export interface Annotations {
  /** Completes the sentence "expected …" of an error. */
  readonly expected?: string;
  /** The setting has a flag on the command line, and this is its help. */
  readonly flag?: string;
  /** The value is never shown. */
  readonly secret?: true;
  /** An object that comes whole from one source; the environment gives it as YAML or JSON. */
  readonly whole?: true;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** The next, the current and the last one of a rollover (RFC 9018 §5); each costs a hash for every wrong cookie. */
const COOKIE_SECRETS_MAX = 3;

/** Each has memory of its own for every queue; a nameserver has one or two cards. */
const INTERFACES_MAX = 16;

/** Each is asked whenever a drain report is looked at. */
const RESOLVERS_MAX = 20;
const DNS_PORT = 53;

/** Each is asked for each signed zone. */
const PARENT_SERVERS_MAX = 26;

/** Each request without a token is held against all of them. */
const HOSTS_MAX = 100;

/** A subdomain of 36 characters and a dot come before it, and a name has at most 253. */
const ACCOUNTS_ZONE_MAX_CHARS = 216;

/** Each request to register is held against all of them. */
const REGISTER_NETWORKS_MAX = 100;

/** Members of etcd: more than 7 only slow it down, says its own documentation. */
const FLEET_ENDPOINTS_MAX = 9;

/** Each address that is asked is held against all of them. */
const PROBE_NETWORKS_MAX = 100;

/**
 * Where clouds tell a machine its secrets: AWS, Google, Azure and most others; Google over IPv6; AWS over IPv6, and for
 * containers; Azure's agents; Alibaba; Oracle.
 */
const METADATA_ADDRESSES = [
  ...['169.254.169.254', 'fd20:ce::254', 'fd00:ec2::254', '169.254.170.2', '169.254.170.23', 'fd00:ec2::23'],
  ...['168.63.129.16', '100.100.100.200', '192.0.0.192'],
];

/** The settings as a file has them; decoding turns the addresses into endpoints. */
export const settingsSchema = section({
  dataDir: text('the path of a directory', { default: './data', flag: 'directory of the store' }),
  startEmpty: Type.Boolean({
    default: false,
    expected: 'true or false',
    flag: 'true, once: begin anew where the data directory has lost its database',
  }),
  dns: section({
    listen: Type.Array(endpoint(), {
      minItems: 1,
      default: ['127.0.0.1:5300', '[::1]:5300'],
      expected: 'a list of addresses with ports, such as 127.0.0.1:5300',
      flag: 'where to answer DNS over UDP and TCP: address:port, several with commas',
    }),
    // The table keeps a mark for each UDP worker and one for the TCP worker.
    workers: Type.Union([Type.Integer({ minimum: 1, maximum: READERS_PER_PLACE - 1 }), Type.Literal('auto')], {
      default: 'auto',
      expected: `auto or a whole number from 1 to ${READERS_PER_PLACE - 1}`,
      flag: 'UDP worker threads: a number, or auto for one a core',
    }),
    planes: oneOf(['two', 'one'], { default: 'two' }),
    transport: oneOf(UDP_TRANSPORTS, { default: 'auto', flag: `how UDP is read: ${UDP_TRANSPORTS_WORDS}, or auto` }),
    xdpInterfaces: Type.Optional(
      Type.Array(text('the name of a network interface'), {
        maxItems: INTERFACES_MAX,
        expected: 'a list of network interfaces, such as eth0',
      }),
    ),
    // Every client takes 512 bytes (RFC 1035 §4.2.1); above 1232 an answer may be fragmented (RFC 9715 §3).
    udpMaxBytes: integer(512, 4096, { default: 1232 }),
    receiveBufferBytes: integer(4 * KIB, GIB, { default: 4 * MIB }),
    gatherMicroseconds: integer(0, 1000, { default: 100 }),
    nsid: Type.Optional(shortText(NSID_MAX_BYTES)),
    identity: Type.Optional(shortText(MAX_CHARACTER_STRING_BYTES)),
    version: Type.Optional(shortText(MAX_CHARACTER_STRING_BYTES)),
    cookies: section({
      secrets: Type.Array(cookieSecret(), {
        maxItems: COOKIE_SECRETS_MAX,
        default: [],
        expected: `a list of at most ${COOKIE_SECRETS_MAX} secrets of ${2 * COOKIE_SECRET_BYTES} hexadecimal digits`,
        secret: true,
      }),
      required: Type.Boolean({ default: false, expected: 'true or false' }),
    }),
    rateLimit: section({
      responsesPerSecond: integer(0, 10_000, { default: 500 }),
      slip: integer(0, 100, { default: 1 }),
      ipv4PrefixLength: integer(0, 32, { default: 24 }),
      ipv6PrefixLength: integer(0, 128, { default: 56 }),
      exempt: Type.Array(network(), {
        default: ['127.0.0.0/8', '::1/128'],
        expected: 'a list of networks, such as 192.0.2.0/24',
      }),
    }),
    tcp: section({
      maxConnections: integer(1, 1_000_000, { default: 1000 }),
      maxConnectionsPerPrefix: integer(1, 1_000_000, { default: 200 }),
      idleSeconds: integer(1, 3600, { default: 10 }),
    }),
  }),
  table: section({
    initialBytes: integer(4 * KIB, ARENA_MAX_BYTES, { default: MIB }),
    maxBytes: integer(4 * KIB, ARENA_MAX_BYTES, { default: GIB }),
  }),
  admin: section({
    listen: endpoint({ default: '127.0.0.1:8053', flag: 'where the admin API listens: address:port' }),
    tls: Type.Optional(
      section({
        certFile: text('the path of a PEM file with the certificate and its chain'),
        keyFile: text('the path of a PEM file with the private key'),
      }),
    ),
    insecure: Type.Boolean({ default: false, expected: 'true or false' }),
    token: Type.Optional(token()),
    readToken: Type.Optional(token()),
    bodyMaxBytes: integer(KIB, GIB, { default: MIB }),
    zoneFileMaxBytes: integer(KIB, GIB, { default: 256 * MIB }),
    maxConnections: integer(8, 100_000, { default: 1000 }),
    maxConnectionsPerPrefix: integer(1, 100_000, { default: 200 }),
    hosts: Type.Array(hostName(), {
      maxItems: HOSTS_MAX,
      default: [],
      expected: 'a list of host names, such as teal.example.com, or * for any',
    }),
    authFailuresPerMinute: integer(1, 100_000, { default: 10 }),
  }),
  console: Type.Optional(console),
  doors: section({
    powerdns: section({ enabled: Type.Boolean({ default: false, expected: 'true or false' }) }),
    externalDns: section({ enabled: Type.Boolean({ default: false, expected: 'true or false' }) }),
    httpreq: section({ enabled: Type.Boolean({ default: false, expected: 'true or false' }) }),
    acmeDns: section({
      enabled: Type.Boolean({ default: false, expected: 'true or false' }),
      zone: Type.Optional(zoneName()),
      registerFrom: Type.Array(network(), {
        maxItems: REGISTER_NETWORKS_MAX,
        default: [],
        expected: 'a list of networks, such as 10.1.0.0/16 or 2001:db8::/32',
      }),
    }),
  }),
  dnssec: section({
    wrappingKey: Type.Optional(
      Type.String({ pattern: '^[0-9A-Fa-f]{64}$', expected: 'a key of 64 hexadecimal digits', secret: true }),
    ),
    wrappingKeyFile: Type.Optional(text('the path of a file with 64 hexadecimal digits, or 32 bytes')),
    resolver: Type.Optional(resolver()),
    notifyParents: Type.Boolean({ default: true, expected: 'true or false' }),
    parentServers: Type.Array(resolver(), {
      maxItems: PARENT_SERVERS_MAX,
      default: [],
      expected: 'a list of addresses of nameservers, each with a port or for port 53',
    }),
  }),
  history: section({
    contentRevisions: integer(100, 1_000_000_000, { default: 10_000 }),
    contentMaxBytes: integer(MIB, 1024 * GIB, { default: GIB }),
  }),
  propagation: section({
    resolvers: Type.Array(resolver(), {
      maxItems: RESOLVERS_MAX,
      default: [],
      expected: 'a list of addresses of resolvers, each with a port or for port 53',
    }),
  }),
  probes: section({
    allow: Type.Array(network(), {
      maxItems: PROBE_NETWORKS_MAX,
      default: [],
      expected: 'a list of networks, such as 10.1.0.0/16 or 2001:db8::/32',
    }),
    deny: Type.Array(network(), {
      maxItems: PROBE_NETWORKS_MAX,
      default: METADATA_ADDRESSES,
      expected: 'a list of networks, such as 169.254.169.254 or 10.2.0.0/16',
    }),
  }),
  mail: Type.Optional(mail),
  metrics: section({
    public: Type.Boolean({ default: false, expected: 'true or false' }),
    // Each service has a handful of series for each of its pools; Prometheus bears millions, a scrape a few ten thousand.
    servicesMax: integer(0, 100_000, { default: 1000 }),
  }),
  log: section({
    level: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      default: 'info',
      flag: 'the least severe events to log: fatal, error, warn, info, debug, trace, or silent',
    }),
    format: oneOf(['auto', 'json', 'pretty'], {
      default: 'auto',
      flag: 'log lines as json, pretty, or auto: pretty on a terminal',
    }),
  }),
  fleet: Type.Optional(
    section({
      engine: oneOf(['etcd'], { default: 'etcd' }),
      name: label('a name for the fleet'),
      node: label('a name for this node that no other node has'),
      endpoints: Type.Array(url(), {
        minItems: 1,
        maxItems: FLEET_ENDPOINTS_MAX,
        expected: `a list of 1 to ${FLEET_ENDPOINTS_MAX} URLs of members of etcd, such as https://10.0.0.1:2379`,
      }),
      tls: Type.Optional(
        section({
          caFile: text('the path of a PEM file with the certificate of the authority'),
          certFile: Type.Optional(text("the path of a PEM file with the client's certificate")),
          keyFile: Type.Optional(text("the path of a PEM file with the client's private key")),
        }),
      ),
      user: Type.Optional(text('the name of a user of etcd')),
      password: Type.Optional(Type.String({ minLength: 1, expected: 'the password of fleet.user', secret: true })),
      staleAfterSeconds: integer(2, 60, { default: 5 }),
      whenStale: oneOf(['answer', 'withdraw'], { default: 'answer' }),
    }),
  ),
  bootstrap: Type.Optional(bootstrap),
});

/** Settings as the server uses them. */
export type SettingsValues = StaticDecode<typeof settingsSchema>;

function section<Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false, expected: 'a group of settings' });
}

function text(expected: string, more: Annotations & { default?: string } = {}) {
  return Type.String({ minLength: 1, expected, ...more });
}

function integer(minimum: number, maximum: number, more: Annotations & { default: number }) {
  return Type.Integer({ minimum, maximum, expected: `a whole number from ${minimum} to ${maximum}`, ...more });
}

function oneOf<const Words extends string[]>(
  words: readonly [...Words],
  more: Annotations & { default: Words[number] },
) {
  return Type.Enum(words, { expected: `one of ${words.join(', ')}`, ...more });
}

function endpoint(more: Annotations & { default?: string } = {}) {
  const expected = 'an IP address and a port, such as 192.0.2.1:53 or [2001:db8::1]:53';
  const readable = Type.Refine(Type.String({ expected, ...more }), (text) => parseEndpoint(text) !== undefined);
  return Type.Decode(readable, (text) => parseEndpoint(text) as Endpoint);
}

/** An address alone is asked at the port of DNS. */
function resolver() {
  const expected = 'the address of a resolver, with a port or for port 53, such as 192.0.2.53 or [2001:db8::53]:5353';
  const parse = (text: string): Endpoint | undefined =>
    parseEndpoint(text) ?? parseEndpoint(text.includes(':') ? `[${text}]:${DNS_PORT}` : `${text}:${DNS_PORT}`);
  const readable = Type.Refine(Type.String({ expected }), (text) => parse(text) !== undefined);
  return Type.Decode(readable, (text) => parse(text) as Endpoint);
}

function network() {
  const expected = 'a network, such as 192.0.2.0/24 or 2001:db8::/32, or an address';
  return Type.Refine(Type.String({ expected }), (text) => !(parseNetwork(text) instanceof Malformed));
}

/** As a browser's Host header has it, without a port. */
function hostName() {
  return Type.String({
    pattern: '^(?:[A-Za-z0-9_.-]{1,255}|\\*)$',
    expected: 'a host name, such as teal.example.com, or *',
  });
}

/** A name of a fleet or of its nodes: it stands in keys and metrics as it is. */
function label(what: string) {
  return Type.String({
    pattern: '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$',
    expected: `${what}: 1 to 63 lower-case letters, digits and hyphens, such as ns1`,
  });
}

/** With a port, and nothing behind it. */
function url() {
  return Type.String({
    pattern: '^https?://(?:[A-Za-z0-9.-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\]):[0-9]{1,5}$',
    expected: 'a URL with a port, such as https://10.0.0.1:2379',
  });
}

/** Below which names are made. */
function zoneName() {
  return Type.String({
    maxLength: ACCOUNTS_ZONE_MAX_CHARS,
    pattern: '^[A-Za-z0-9_-]{1,63}(?:\\.[A-Za-z0-9_-]{1,63})*$',
    expected: 'the name of a zone, such as acme.example.com',
  });
}

function shortText(maxBytes: number) {
  const expected = `a text of at most ${maxBytes} bytes`;
  return Type.Refine(Type.String({ minLength: 1, expected }), (text) => Buffer.byteLength(text) <= maxBytes);
}

/** A key of SipHash (RFC 9018 §4.4). */
function cookieSecret() {
  const digits = 2 * COOKIE_SECRET_BYTES;
  return Type.String({
    pattern: `^[0-9A-Fa-f]{${digits}}$`,
    expected: `a secret of ${digits} hexadecimal digits`,
    secret: true,
  });
}

/** What a bearer token may be made of (RFC 6750 §2.1): anything else could not be sent. */
function token() {
  const expected = 'a token of letters, digits and -._~+/ (RFC 6750 §2.1)';
  return Type.String({ pattern: '^[A-Za-z0-9._~+/-]+=*$', expected, secret: true });
}
