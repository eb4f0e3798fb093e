/**
 * Step 9: a store knows of which fleet's log it is a copy, if of any, and which process ran on it last. Released: never
 * edit it; add a step.
 */

export const step = `
  -- At most one row.
  CREATE TABLE fleet (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- The log, by a random name of its own, and the fleet's name in the settings.
    log TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Who ran on this store last; null: nobody yet, it came from another node.
    node TEXT,
    incarnation TEXT
  );
`;
