/**
 * Step 11: freezes of a calendar, and changes that were proposed: they wait for somebody's approval, or for a time.
 * Released: never edit it; add a step.
 */

export const step = `
  CREATE TABLE freezes (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
  -- By the number of the revision that made it; open: it may still be carried out.
  CREATE TABLE proposals (id INTEGER PRIMARY KEY, open INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE INDEX open_proposals ON proposals (id) WHERE open;
`;
