/**
 * Step 12: what an import brings stands in blocks, many RRsets in one row; who changes one of them takes it out. Contents of
 * before have rows alone, and are left as they are. Released: never edit it; add a step.
 */

export const step = `
  CREATE TABLE blocks (
    id INTEGER PRIMARY KEY,
    content INTEGER NOT NULL,
    -- The first RRset in it.
    name TEXT NOT NULL,
    type INTEGER NOT NULL,
    -- CRC-32 of the body.
    checksum INTEGER NOT NULL,
    -- RRsets in packed form, see src/model/packed-form.ts. None of them has a row in rrsets.
    body BLOB NOT NULL
  );
  CREATE UNIQUE INDEX blocks_by_key ON blocks (content, name, type);
`;
