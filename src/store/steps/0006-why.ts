/**
 * Step 6: a revision says why it was made, and RRsets have labels. Released: never edit it; add a step.
 */

export const step = `
  -- JSON: reason, links, and which request it came with, each where there was one.
  ALTER TABLE revisions ADD COLUMN why TEXT;
  -- JSON: a text for each key; none: NULL.
  ALTER TABLE rrsets ADD COLUMN labels TEXT;
  CREATE INDEX rrsets_labelled ON rrsets (content) WHERE labels IS NOT NULL;
`;
