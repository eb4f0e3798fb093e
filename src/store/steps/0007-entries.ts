/**
 * Step 7: the log carries the changes of its revisions, and what a zone file brought, by its hash; both are forgotten as
 * large texts are. Revisions of before have no changes. Released: never edit it; add a step.
 */

export const step = `
  CREATE TABLE entries (
    revision INTEGER PRIMARY KEY,
    -- JSON, see src/model/entry.ts.
    changes TEXT NOT NULL,
    -- Which reply was kept with it, where one was.
    reply_token TEXT,
    reply_key TEXT
  );
  -- Records of imported zones, see src/store/packed.ts.
  CREATE TABLE packed (
    hash TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    -- The last revision that has it; 0: none has.
    revision INTEGER NOT NULL,
    -- An import that is under way will use it.
    pinned INTEGER NOT NULL
  );
  CREATE TABLE packed_chunks (
    hash TEXT NOT NULL,
    position INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (hash, position)
  );
`;
