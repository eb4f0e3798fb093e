/** How lists are asked for: page by page. */
import { Type } from 'typebox';
import { oneOf, strict, whole } from './shapes.ts';

/** Items of a list page: the default, and the most one request may ask for, which bounds the work of one turn. */
export const PAGE_DEFAULT = 100;
const PAGE_MAX = 1000;

export const limit = Type.Optional(whole(`${PAGE_DEFAULT} if left out.`, { minimum: 1, maximum: PAGE_MAX }));

export const NamePageQuery = Type.Object(
  { after: Type.Optional(Type.String({ description: '`next` of the page before.' })), limit },
  strict,
);

const revisionAfter = (description: string) => Type.Optional(whole(description));

const releasePage = { after: revisionAfter('Only releases with a higher id.'), limit };

export const ReleasePageQuery = Type.Object(releasePage, strict);
export const AllReleasesPageQuery = Type.Object(
  {
    ...releasePage,
    state: Type.Optional(oneOf(['active'], { description: 'Only those that go on or are paused.' })),
  },
  strict,
);

/** Of the log, and of what concerns one service. */
export const RevisionPageQuery = Type.Object(
  {
    after: revisionAfter('The last revision of the page before: only what follows it in the order asked for.'),
    limit,
    order: Type.Optional(oneOf(['oldest', 'newest'], { description: 'Which comes first; `oldest` if left out.' })),
  },
  strict,
);

/** `item`: the schema of each. */
export function pageOf(item: object) {
  return Type.Object({
    items: Type.Unsafe<unknown[]>({ type: 'array', items: item }),
    next: Type.Optional(Type.String({ description: '`after` of the next page; absent on the last.' })),
  });
}
