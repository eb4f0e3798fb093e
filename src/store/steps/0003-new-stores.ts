/**
 * Step 3: a store that never had a revision says so, so that one that has lost its revisions is not taken for new.
 * Released: never edit it; add a step.
 */

export const step = `
  -- A row as long as there has been no revision.
  CREATE TABLE unused (id INTEGER PRIMARY KEY CHECK (id = 1));
  INSERT INTO unused SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM revisions);
`;
