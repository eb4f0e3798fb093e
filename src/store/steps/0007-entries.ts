/**
 * Step 7: the log carries its entries, each with its changes, and what a zone file brought, by its hash; both are forgotten
 * as large texts are. Revisions of before have none. Released: never edit it; add a step.
 */

export const step = `
  -- In the wire form of src/model/entry.ts.
  CREATE TABLE entries (revision INTEGER PRIMARY KEY, body TEXT NOT NULL);
  -- Records of imported zones, see src/store/packed.ts.
  CREATE TABLE packed (
    hash TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    -- The last revision that has it; 0: none has.
    revision INTEGER NOT NULL,
    -- An import that is under way will use it.
    pinned INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE packed_chunks (
    hash TEXT NOT NULL,
    position INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (hash, position)
  );
`;
