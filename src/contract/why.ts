/** Why somebody changes something: what every body of a write takes besides, and every revision shows. */
import { Type } from './type.ts';

const reason = (description: string) => Type.String({ maxLength: 500, description, 'x-code': 'reason_invalid' });
const links = (description: string) =>
  Type.Array(Type.String({ format: 'uri', maxLength: 1000, 'x-code': 'links_invalid' }), { description });

const REASON = 'Why this is done: one line of at most 500 characters. It is kept with the revision; so are the links.';
const LINKS = 'At most 10 URLs of http or https, each of at most 1000 characters: a commit, a ticket, a pipeline run.';

/** To be mixed into the body of every write; src/api/why.ts takes them out of it. */
export const why = { reason: Type.Optional(reason(REASON)), links: Type.Optional(links(LINKS)) };

/** As a revision shows them. */
export const shownWhy = {
  reason: Type.Optional(reason('Why it was done, as whoever did it said; left out where nothing was said.')),
  links: Type.Optional(links('What it follows from: a commit, a ticket, a pipeline run.')),
};
