/** The values of the service parameters of SVCB and HTTPS: for each key its text, its bytes and what is valid. */
import { formatIpv4, formatIpv6, IPV4_BYTES, IPV6_BYTES, parseIpv4, parseIpv6 } from '../address.ts';
import { formatString } from '../text.ts';
import { fromBase64 } from './binary.ts';
import { unsignedAt } from './field.ts';

/**
 * Keys by number, the whole of IANA's registry as of June 2026 (RFC 9460 §14.3.2; 7: RFC 9461 §5; 8: RFC 9540 §4; 9:
 * draft-ietf-tls-key-share-prediction §3.1; 10: RFC 9953 §3; 11: draft-ietf-intarea-proxy-config §2.1; 12:
 * draft-johani-dnsop-svcb-oots §2).
 */
const keyNames = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
  'ohttp',
  'tls-supported-groups',
  'docpath',
  'pvd',
  'oots',
] as const;

export const KEY = { MANDATORY: 0, ALPN: 1, NO_DEFAULT_ALPN: 2 } as const;

/** The one key that no parameter may have (RFC 9460 §14.3.2). */
export const INVALID_KEY = 65535;

/** One kind of value. Text is already unescaped once, as a character-string (RFC 9460 §2.1). */
interface Param {
  /** What the value looks like, for messages. */
  readonly form: string;
  /** Undefined where the text is not of the form. */
  readonly parse: (text: Uint8Array) => Uint8Array | undefined;
  readonly valid: (value: Uint8Array) => boolean;
  /** The text with its `=`; of a valid value. */
  readonly format: (value: Uint8Array) => string;
}

/** The number of a key: its name, or `keyNNN` without leading zeros, whose value is plain bytes (RFC 9460 §2.1). */
export function parseKey(text: string): number | undefined {
  const known = keyNames.indexOf(text.toLowerCase() as (typeof keyNames)[number]);
  if (known >= 0) return known;
  const generic = /^key(0|[1-9]\d{0,4})$/i.exec(text);
  return generic && Number(generic[1]) < INVALID_KEY ? Number(generic[1]) : undefined;
}

export function formatKey(key: number): string {
  return keyNames[key] ?? `key${key}`;
}

/** The bytes that the text of a parameter's value stands for; undefined where it is not of the key's form. */
export function parseValue(key: number, keyText: string, text: Uint8Array): Uint8Array | undefined {
  const param = paramOf(key);
  if (keyText.toLowerCase() !== `key${key}`) return param.parse(text);
  return param.valid(text) ? text : undefined;
}

/** The kind of value of a key; one that we do not know takes any bytes. */
export function paramOf(key: number): Param {
  return params[key] ?? opaque;
}

const opaque: Param = {
  form: 'a string',
  parse: (text) => text,
  valid: () => true,
  format: (value) => (value.length === 0 ? '' : `=${formatString(value, 0, value.length)}`),
};

const empty: Param = {
  form: 'without a value',
  parse: (text) => (text.length === 0 ? text : undefined),
  valid: (value) => value.length === 0,
  format: () => '',
};

/** A list of other keys, each once and in growing order on the wire (RFC 9460 §8). */
const mandatory: Param = {
  form: 'a list of other keys such as alpn,port, each once',
  parse(text) {
    const keys = latin1(text).split(',').map(parseKey);
    const sorted = keys.filter((key) => key !== undefined).sort((a, b) => a - b);
    const value = Uint8Array.from(sorted.flatMap((key) => [key >> 8, key & 0xff]));
    return sorted.length === keys.length && mandatory.valid(value) ? value : undefined;
  },
  valid: (value) => value.length > 0 && value.length % 2 === 0 && growing(keysIn(value)),
  format: (value) => `=${keysIn(value).map(formatKey).join(',')}`,
};

/** Protocol identifiers, each behind a length byte (RFC 9460 §7.1.1); a comma in one is escaped (appendix A.1). */
const alpn = itemList('a list of protocols of 1 to 255 bytes such as h2,h3', 1);

/** The segments of a path of CoAP, none for its root (RFC 9953 §3). */
const docpath = itemList('a list of path segments of 1 to 255 bytes such as dns,query, or none', 0);

/** Items of 1 to 255 bytes, each behind a length byte (RFC 9460, appendix A.1). */
function itemList(form: string, itemsMin: 0 | 1): Param {
  return {
    form,
    parse(text) {
      const items = text.length === 0 && itemsMin === 0 ? [] : splitList(text);
      const good = items.every((item) => item.length >= 1 && item.length <= 255);
      return good ? Uint8Array.from(items.flatMap((item) => [item.length, ...item])) : undefined;
    },
    valid(value) {
      let at = 0;
      while (at < value.length && value[at] > 0) at += 1 + value[at];
      return value.length >= itemsMin && at === value.length;
    },
    format(value) {
      if (value.length === 0) return '';
      const items: string[] = [];
      for (let at = 0; at < value.length; at += 1 + value[at]) {
        const item = Buffer.from(value.subarray(at + 1, at + 1 + value[at]));
        items.push(item.toString('latin1').replace(/[\\,]/g, '\\$&'));
      }
      const list = Buffer.from(items.join(','), 'latin1');
      return `=${formatString(list, 0, list.length)}`;
    },
  };
}

/** Groups of TLS by number, the best liked first, each once (draft-ietf-tls-key-share-prediction §3.1). */
const groups: Param = {
  form: 'a list of TLS groups such as 29,23, each once',
  parse(text) {
    const numbers = latin1(text).split(',');
    const value = Uint8Array.from(numbers.flatMap((number) => [Number(number) >> 8, Number(number) & 0xff]));
    const good = numbers.every((number) => /^\d{1,5}$/.test(number) && Number(number) <= 0xffff);
    return good && groups.valid(value) ? value : undefined;
  },
  valid: (value) => value.length > 0 && value.length % 2 === 0 && new Set(keysIn(value)).size === keysIn(value).length,
  format: (value) => `=${keysIn(value).join(',')}`,
};

/** How sure an operator is of each transport, in percent (draft-johani-dnsop-svcb-oots §2). */
const transports: Param = {
  form: 'a list of transports with percents such as do53:100,dot:20, each once',
  parse(text) {
    const parts = latin1(text)
      .split(',')
      .map((part) => /^([a-z0-9-]{1,255}):(\d{1,3})$/i.exec(part));
    if (parts.some((part) => part === null || Number(part[2]) > PERCENT_MAX)) return undefined;
    const bytes = parts.flatMap((part) => {
      const [, transport = '', percent] = part as RegExpExecArray;
      return [transport.length, ...Buffer.from(transport), Number(percent)];
    });
    return transports.valid(Uint8Array.from(bytes)) ? Uint8Array.from(bytes) : undefined;
  },
  valid(value) {
    const parts = transportsIn(value);
    const names = parts?.map(({ transport }) => transport.toLowerCase()) ?? [];
    const good = parts?.every(({ transport, percent }) => /^[a-z0-9-]+$/i.test(transport) && percent <= PERCENT_MAX);
    return good === true && names.length > 0 && new Set(names).size === names.length;
  },
  format: (value) =>
    `="${(transportsIn(value) ?? []).map(({ transport, percent }) => `${transport}:${percent}`).join(',')}"`,
};

const PERCENT_MAX = 100;

/** Each is a name behind a length byte, and a byte of percent; undefined where they do not come out even. */
function transportsIn(value: Uint8Array): { transport: string; percent: number }[] | undefined {
  const parts: { transport: string; percent: number }[] = [];
  for (let at = 0; at < value.length; ) {
    const end = at + 1 + value[at];
    if (end >= value.length) return undefined;
    parts.push({ transport: latin1(value.subarray(at + 1, end)), percent: value[end] });
    at = end + 1;
  }
  return parts;
}

const port: Param = {
  form: 'an integer from 0 to 65535',
  parse(text) {
    const value = Number(latin1(text));
    return /^\d+$/.test(latin1(text)) && value <= 65535 ? Uint8Array.of(value >> 8, value & 0xff) : undefined;
  },
  valid: (value) => value.length === 2,
  format: (value) => `=${unsignedAt(value, 0, 2)}`,
};

const ech: Param = {
  form: 'base64',
  parse: (text) => (text.length === 0 ? undefined : fromBase64(latin1(text))),
  valid: (value) => value.length > 0,
  format: (value) => `=${Buffer.from(value).toString('base64')}`,
};

/** A template that must have the variable `dns` (RFC 9461 §5). */
const dohpath: Param = {
  form: 'a URI template with the variable dns, such as /dns-query{?dns}',
  parse: (text) => (dohpath.valid(text) ? text : undefined),
  valid: (value) => {
    const template = latin1(value);
    // Each piece but the last ends with an expression, where it has a brace. One regular expression for all of it would
    // take the cube of its length.
    const expressions = template
      .split('}')
      .slice(0, -1)
      .filter((piece) => piece.includes('{'));
    return template.startsWith('/') && expressions.some((piece) => /\bdns\b/.test(piece.slice(piece.indexOf('{'))));
  },
  format: (value) => `=${formatString(value, 0, value.length)}`,
};

const params: readonly Param[] = [
  mandatory,
  alpn,
  empty,
  port,
  hints('IPv4', IPV4_BYTES, parseIpv4, formatIpv4),
  ech,
  hints('IPv6', IPV6_BYTES, parseIpv6, formatIpv6),
  dohpath,
  empty,
  groups,
  docpath,
  empty,
  transports,
];

function hints(
  family: string,
  bytes: number,
  parse: typeof parseIpv4,
  format: (bytes: Uint8Array, offset: number) => string,
): Param {
  return {
    form: `a list of ${family} addresses`,
    parse(text) {
      const addresses = latin1(text).split(',').map(parse);
      const good = addresses.filter((address) => address instanceof Uint8Array);
      return good.length === addresses.length ? Buffer.concat(good) : undefined;
    },
    valid: (value) => value.length > 0 && value.length % bytes === 0,
    format(value) {
      const addresses = Array.from({ length: value.length / bytes }, (_, index) => format(value, index * bytes));
      return `=${addresses.join(',')}`;
    },
  };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** The keys of the value of `mandatory`. */
export function keysIn(value: Uint8Array): number[] {
  return Array.from({ length: value.length / 2 }, (_, index) => unsignedAt(value, 2 * index, 2 * index + 2));
}

/** Growing, and without `mandatory` itself, which is 0. */
function growing(keys: readonly number[]): boolean {
  return keys.every((key, index) => key > (index === 0 ? KEY.MANDATORY : keys[index - 1]));
}

/** The items of a comma-separated list, where `\` makes the next byte part of its item (RFC 9460, appendix A.1). */
function splitList(text: Uint8Array): number[][] {
  const items: number[][] = [[]];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === 0x2c) items.push([]);
    else if (text[at] === 0x5c && at + 1 < text.length) items[items.length - 1].push(text[++at]);
    else items[items.length - 1].push(text[at]);
  }
  return items;
}
