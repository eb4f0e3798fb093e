/** How zones are signed, as it is sent and shown. */
import { name, oneOf, revision, strict, textOrNull, time, timeOrNull, ttl, whole } from './shapes.ts';
import { Type } from './type.ts';
import { why } from './why.ts';

const algorithms = ['ecdsap256sha256', 'ed25519'] as const;

const key = {
  algorithm: Type.Optional(
    oneOf(algorithms, { description: 'Of the new key; ecdsap256sha256, or that which the zone has.' }),
  ),
  privateKey: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 10_000,
      description: "A key that is there already: PKCS #8 in PEM, or the text of BIND's `.private`. It is never shown.",
    }),
  ),
};

const denial = oneOf(['nsec', 'nsec3'], {
  description:
    'How it is proved what is not there; nsec. By nsec3 (RFC 5155, no iterations and no salt) names are not told, and a denial is larger by a third. It can be changed at any time.',
});
const foreignKeys = Type.Array(Type.String(), {
  description: 'Keys of others who sign the same zone (RFC 8901): RDATA of a DNSKEY, `257 3 13 …`.',
  maxItems: 10,
});

export const SigningBody = Type.Object(
  {
    ...key,
    denial: Type.Optional(denial),
    dnskeyTtlSeconds: Type.Optional(ttl('TTL of the keys; 3600. It stays for as long as the zone is signed.')),
    foreignKeys: Type.Optional(foreignKeys),
    force: Type.Optional(
      Type.Boolean({
        description: 'Keys of others are taken out though the parent may have their DS, or caches their signatures.',
      }),
    ),
    replaceSignatures: Type.Optional(
      oneOf(['chain', 'insecure'], {
        description:
          'Of a zone that was imported with its signatures (keep): Teal signs it in their place. `chain`: by `privateKey`, the key that the DS at the parent is of; its other keys stay published. `insecure`: by any key, where the parent has no DS any more, and no cache holds one.',
      }),
    ),
    ...why,
  },
  { ...strict, $id: 'SigningBody', examples: [{}] },
);

export const RollBody = Type.Object({ ...key, ...why }, { ...strict, $id: 'RollBody', examples: [{}] });

const Key = Type.Object({
  id: Type.String(),
  tag: whole('RFC 4034 appendix B.', { maximum: 65_535 }),
  algorithm: Type.String(),
  role: oneOf(['active', 'incoming', 'outgoing']),
  dnskey: Type.String({ description: 'RDATA of its DNSKEY.' }),
  madeAt: time(),
});

export const Signing = Type.Object(
  {
    zone: Type.String(),
    stage: oneOf([
      ...(['signing', 'key-published', 'ds-needed', 'ds-seen', 'replacing', 'secure'] as const),
      ...(['ds-removal', 'ds-gone', 'unsigned'] as const),
    ]),
    status: Type.String({ description: 'One sentence: what is waited for, and until when.' }),
    since: time(),
    until: timeOrNull('When the wait is over; null: it is not for a time, or that is not known yet.'),
    ds: Type.Array(Type.String(), {
      description:
        'What the parent is to have now, line by line; none: nothing is to be done there, or it is to have none.',
    }),
    denial: oneOf(['nsec', 'nsec3']),
    dnskeyTtlSeconds: ttl('TTL of the keys.'),
    keys: Type.Array(Key),
    foreignKeys,
    parent: Type.Unsafe<{
      askedAt: string;
      servers: { server: string; ds: string[] | null; error: string | null }[];
    } | null>({
      type: ['object', 'null'],
      description: 'What its nameservers had when they were asked last; null: this node has not asked.',
      properties: {
        askedAt: time(),
        servers: Type.Array(
          Type.Object({
            server: Type.String(),
            ds: Type.Unsafe<string[] | null>({ type: ['array', 'null'], items: { type: 'string' } }),
            error: textOrNull('Why it was not heard.'),
          }),
        ),
      },
    }),
    parentHere: Type.Unsafe<{ zone: string; ds: string[] } | null>({
      type: ['object', 'null'],
      description:
        'The zone of this server that is its parent, and the DS records that it has there; null: it is elsewhere.',
      properties: { zone: Type.String(), ds: Type.Array(Type.String()) },
    }),
    notified: Type.Unsafe<{ at: string; endpoint: string | null; error: string | null } | null>({
      type: ['object', 'null'],
      description:
        'How the parent was told last that CDS has changed (RFC 9859); null: it does not want to be told, or was not by this node.',
      properties: {
        at: time(),
        endpoint: textOrNull('Who took it, as its DSYNC record names it.'),
        error: textOrNull('Why nobody did; it is tried again.'),
      },
    }),
    revision,
  },
  { $id: 'Signing' },
);

export const SigningKeys = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        tag: whole('RFC 4034 appendix B.', { maximum: 65_535 }),
        algorithm: whole('13 or 15.'),
        pem: Type.String({ description: 'PKCS #8.' }),
        bind: Type.Object({
          name: Type.String({ description: 'Of both files, without their ends.' }),
          private: Type.String({ description: 'The text of `.private`.' }),
          key: Type.String({ description: 'The text of `.key`.' }),
        }),
      }),
    ),
  },
  { $id: 'SigningKeys' },
);

export const SigningParams = Type.Object({ zone: name('Name of the zone.') });

export const UnsignQuery = Type.Object(
  {
    force: Type.Optional(
      oneOf(['true'], {
        description: 'At once, whatever DS the parent has: validators that know it get no answer any more.',
      }),
    ),
  },
  strict,
);
