/**
 * Step 8: records keep how a client wrote them, where it compares that with what it is shown.
 * Released: never edit it; add a step.
 */

export const step = `
  -- A JSON list with the text of each record, null where it is as Teal writes it.
  ALTER TABLE rrsets ADD COLUMN written TEXT;
`;
