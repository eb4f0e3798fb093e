/** Who asks, what they may, and which server it is that answers. */
import { oneOf, time } from './shapes.ts';
import { ofEveryToken, RoleBody } from './tokens.ts';
import { Type } from './type.ts';

/** The server, as whoever set it up calls it. */
const Server = Type.Object(
  {
    name: Type.Optional(Type.String({ description: 'The setting `console.name`.' })),
    colour: Type.Optional(Type.String({ description: 'The setting `console.colour`, `#RRGGBB`.' })),
    version: Type.String({ description: 'Of Teal.' }),
  },
  { description: 'So that nobody takes the one server for the other.' },
);

export const Self = Type.Object(
  {
    ...ofEveryToken,
    name: Type.String({ description: 'What the log of changes calls whoever asks.' }),
    kind: oneOf(['token', 'person'], { description: 'What lets them in. More kinds may come.' }),
    person: Type.String({ description: 'Who they are where two have to agree: `askedBy` and `approved.by` have it.' }),
    title: Type.Optional(Type.String({ description: 'Of a person: their name, for people to read.' })),
    roles: Type.Optional(
      Type.Array(RoleBody, {
        description:
          'Of a person: one for each of their groups that the settings name, and they may what any of them gives. The scope beside them is the one that reaches furthest, with what that reaches.',
      }),
    ),
    expiresAt: Type.Optional(time('RFC 3339, UTC; left out: it does not expire.')),
    server: Server,
  },
  { $id: 'Self' },
);
