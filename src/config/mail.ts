/** The settings of the mail server by which webhooks of the kind email are told. */
import { Type } from '../contract/type.ts';

export const mail = Type.Object(
  {
    host: Type.String({ pattern: '^[A-Za-z0-9.:-]{1,253}$', expected: 'the name or address of a mail server' }),
    port: Type.Integer({ minimum: 1, maximum: 65_535, default: 587, expected: 'a whole number from 1 to 65535' }),
    tls: Type.Enum(['starttls', 'tls', 'none'], { default: 'starttls', expected: 'one of starttls, tls, none' }),
    from: Type.String({
      pattern: '^(?:[^<>@\\p{C}]{1,100} <[^<>@\\s]{1,64}@[A-Za-z0-9.-]{1,253}>|[^<>@\\s]{1,64}@[A-Za-z0-9.-]{1,253})$',
      expected: 'an address, such as teal@example.com or "Teal <teal@example.com>"',
    }),
    user: Type.Optional(Type.String({ minLength: 1, expected: 'the name of a user of the mail server' })),
    password: Type.Optional(Type.String({ minLength: 1, expected: 'the password of mail.user', secret: true })),
    passwordFile: Type.Optional(Type.String({ minLength: 1, expected: 'the path of a file with the password in it' })),
  },
  { additionalProperties: false, expected: 'a group of settings' },
);
