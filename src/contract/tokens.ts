/** Tokens, as they are sent and shown. */
import { name, oneOf, patterns, strict, time, whole } from './shapes.ts';
import { Type } from './type.ts';
import { why } from './why.ts';

const limits = {
  services: patterns('Limits the token to these services, and to what `zones` gives'),
  zones: patterns('Limits the token to these zones with all that is in them, and to what `services` gives'),
};

const ofRecords = {
  names: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Of the scope `records`: limits it to these owner names. One label of a pattern may be `*`, for one label or more: `_acme-challenge.*`, `*.dyn.example.com`.',
    }),
  ),
  types: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Of the scope `records`: limits it to these record types, `TXT` for one.',
    }),
  ),
};

const ofEveryRole = {
  scope: oneOf(['read', 'shift', 'release', 'admin', 'records'], {
    description:
      'Each may do what those before it may: `read` looks, `shift` changes weights and rolls back, `release` makes releases and moves them on, `admin` does everything. `records` stands aside: it changes records, reads those that it may change, and does nothing else.',
  }),
  ...limits,
  ...ofRecords,
  networks: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Limits from where it may be used, IPv4 and IPv6: `192.0.2.0/24`, `2001:db8::/32`. The address of the connection counts: behind a proxy that is the proxy.',
    }),
  ),
};

/** What the settings give a group of people. */
export const RoleBody = Type.Object(ofEveryRole, strict);

export const ofEveryToken = {
  name: Type.String({ description: '1 to 63 letters, digits and ._@-; the log of changes names the token by it.' }),
  ...ofEveryRole,
};

const owner = Type.Optional(
  Type.String({
    description:
      'Whose it is, as the provider of identities names them: `ann@example.com`. Where two have to agree all tokens of one owner, and the owner who signed in, are one person; left out: the token is one by itself.',
    'x-code': 'token_owner_invalid',
  }),
);

export const TokenBody = Type.Object(
  {
    ...ofEveryToken,
    owner,
    expiresAt: Type.Optional(Type.String({ description: 'RFC 3339; left out: it does not expire.' })),
    ...why,
  },
  {
    ...strict,
    $id: 'TokenBody',
    examples: [
      { name: 'ci', scope: 'release', services: ['*.example.com'], expiresAt: '2030-01-31T12:00:00Z' },
      { name: 'dashboard', scope: 'read' },
      { name: 'ann-laptop', scope: 'release', owner: 'ann@example.com' },
      { name: 'certbot', scope: 'records', zones: ['example.com'], names: ['_acme-challenge.*'], types: ['TXT'] },
      { name: 'build', scope: 'shift', networks: ['192.0.2.0/24', '2001:db8::/32'] },
    ],
  },
);

const shown = {
  ...ofEveryToken,
  owner,
  expiresAt: Type.Optional(time('RFC 3339, UTC; left out: it does not expire.')),
  createdAt: time(),
  revision: whole('The revision that made it.'),
};

export const Token = Type.Object(shown, { $id: 'Token' });

export const NewToken = Type.Object(
  {
    ...shown,
    secret: Type.Optional(
      Type.String({ description: 'To be sent as `Authorization: Bearer`. It cannot be read again.' }),
    ),
  },
  { $id: 'NewToken' },
);

export const TokenParams = Type.Object({ name: name('Name of the token.') });
