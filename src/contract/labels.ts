/** Labels, on whatever takes them: sent, and shown where there are some. */
import { mapOf } from './shapes.ts';
import { Type } from './type.ts';

export const labels = Type.Optional(
  mapOf(Type.String({ maxLength: 255, 'x-code': 'labels_invalid' }), {
    description:
      'Words of your own by key, to find it by: at most 32, keys of 1 to 63 letters, digits and `._/-`. Nothing is answered by them. Left out of a PUT: those that it has; `{}`: none.',
  }),
);
