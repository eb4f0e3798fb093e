/** How lists are asked for: page by page. */
import { oneOf, strict, whole } from './shapes.ts';
import { Type } from './type.ts';

/** Items of a list page: the default, and the most one request may ask for, which bounds the work of one turn. */
export const PAGE_DEFAULT = 100;
const PAGE_MAX = 1000;

export const limit = Type.Optional(whole(`${PAGE_DEFAULT} if left out.`, { minimum: 1, maximum: PAGE_MAX }));

export const NamePageQuery = Type.Object(
  { after: Type.Optional(Type.String({ description: '`next` of the page before.' })), limit },
  strict,
);

const revisionAfter = (description: string) => Type.Optional(whole(description));

const q = Type.Optional(Type.String({ description: 'Only what has this text in its name, in whatever case.' }));
const zone = Type.Optional(Type.String({ description: 'Only what is in this zone.' }));
const ofName = Type.Optional(Type.String({ description: 'Only what is about this name.' }));

const releasePage = {
  after: revisionAfter('Only releases with a higher id.'),
  limit,
  state: Type.Optional(
    oneOf(['active', 'progressing', 'paused', 'completed', 'aborted'], {
      description: 'Only those that are so; `active`: that go on or are paused.',
    }),
  ),
};

/** Of one release. */
export const ReleaseWaitQuery = Type.Object(
  {
    waitSeconds: Type.Optional(
      whole('Waits so long, at most, for the release to change or to end. 0 if left out: not at all.', { maximum: 60 }),
    ),
  },
  strict,
);

export const ReleasePageQuery = Type.Object(releasePage, strict);
export const AllReleasesPageQuery = Type.Object(
  {
    ...releasePage,
    q,
    zone,
    name: ofName,
  },
  strict,
);

/** Of the log, and of what concerns one service. */
const revisionPage = {
  after: revisionAfter('The last revision of the page before: only what follows it in the order asked for.'),
  limit,
  order: Type.Optional(oneOf(['oldest', 'newest'], { description: 'Which comes first; `oldest` if left out.' })),
};

export const RevisionPageQuery = Type.Object(
  {
    ...revisionPage,
    q,
    zone,
    name: ofName,
    type: Type.Optional(Type.String({ description: 'Only changes of RRsets of this type.' })),
    actor: Type.Optional(Type.String({ description: 'Only what this token did.' })),
    kind: Type.Optional(
      Type.String({
        description:
          'Only revisions of this kind, such as `shift`; with a dot at its end all that begin so: `release.`.',
      }),
    ),
    since: Type.Optional(Type.String({ description: 'Only what was done at this time or later (RFC 3339).' })),
    until: Type.Optional(Type.String({ description: 'Only what was done before this time (RFC 3339).' })),
    format: Type.Optional(
      oneOf(['json', 'csv'], {
        description:
          '`csv`: a line for each subject of each revision (RFC 4180), and the next page in the header `Teal-Next`. `json` if left out.',
      }),
    ),
  },
  strict,
);
export const HistoryPageQuery = Type.Object(revisionPage, strict);

export const label = Type.Optional(
  Type.Unsafe<string | string[]>({
    anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
    description:
      'Only what has this label, as `key=value`, or as `key` for whatever value. Said several times: all of them.',
  }),
);
const after = Type.Optional(
  Type.String({ description: '`next` of the page before. With a filter a page may be empty and still have one.' }),
);

export const ZonePageQuery = Type.Object({ after, limit, q, label }, strict);
export const ServicePageQuery = Type.Object({ after, limit, q, zone, label }, strict);
export const RRsetPageQuery = Type.Object(
  {
    after,
    limit,
    q,
    name: Type.Optional(Type.String({ description: 'Only RRsets of this owner name.' })),
    type: Type.Optional(Type.String({ description: 'Only RRsets of this type.' })),
    label,
  },
  strict,
);
export const AnswersPageQuery = Type.Object(
  {
    ...RRsetPageQuery.properties,
    q: Type.Optional(
      Type.String({ description: 'Only what has this text in its name or its data, in whatever case.' }),
    ),
  },
  strict,
);
export const TokenPageQuery = Type.Object(
  {
    after,
    limit,
    q,
    state: Type.Optional(oneOf(['good', 'expired'], { description: 'Only those that are so.' })),
    scope: Type.Optional(
      oneOf(['read', 'shift', 'release', 'admin', 'records'], { description: 'Only of this scope.' }),
    ),
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
