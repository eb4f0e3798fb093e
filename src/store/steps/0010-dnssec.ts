/**
 * Step 10: how zones are signed, and their private keys, sealed by a key that is not here. Released: never edit it; add a
 * step.
 */

export const step = `
  CREATE TABLE signings (zone TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
`;
