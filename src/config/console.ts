/** Settings of the console: what the server is called, for whoever looks at several. */
import { Type } from '../contract/type.ts';
import { oidc } from './oidc.ts';

/** It stands at the top of every page of the console, on a phone too. */
const SERVER_NAME_MAX_CHARS = 40;

export const console = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        // One line of printable characters, without those that turn the direction of text.
        pattern: '^(?! )[^\\p{C}\\p{Zl}\\p{Zp}]+(?<! )$',
        maxLength: SERVER_NAME_MAX_CHARS,
        expected: `a name of at most ${SERVER_NAME_MAX_CHARS} characters`,
      }),
    ),
    colour: Type.Optional(
      Type.String({ pattern: '^#[0-9A-Fa-f]{6}$', expected: 'a colour of six hexadecimal digits, such as #b91c1c' }),
    ),
    oidc: Type.Optional(oidc),
  },
  { additionalProperties: false, expected: 'a group of settings' },
);
