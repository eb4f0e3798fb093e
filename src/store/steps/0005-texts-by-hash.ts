/**
 * Step 5: what is large in the log stands in a table of its own, once, by its hash, and can be forgotten; the log itself
 * stays append-only. And how much is kept for each token's Idempotency-Keys is counted. Released: never edit it; add a
 * step.
 */

export const step = `
  -- Bodies before and after a change, where they are long: subjects have '@' and the SHA-256 in their place.
  CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    -- The last revision that has it.
    revision INTEGER NOT NULL
  );
  CREATE INDEX texts_by_age ON texts (revision, id);
  CREATE TABLE texts_size (id INTEGER PRIMARY KEY CHECK (id = 1), bytes INTEGER NOT NULL);
  INSERT INTO texts_size VALUES (1, 0);
  CREATE TRIGGER texts_grow AFTER INSERT ON texts BEGIN UPDATE texts_size SET bytes = bytes + NEW.bytes; END;
  CREATE TRIGGER texts_shrink AFTER DELETE ON texts BEGIN UPDATE texts_size SET bytes = bytes - OLD.bytes; END;

  CREATE INDEX idempotency_by_token ON idempotency (token, at_ms);
  CREATE TABLE idempotency_size (token TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO idempotency_size SELECT token, sum(length(outcome) + length(key)) FROM idempotency GROUP BY token;
  CREATE TRIGGER idempotency_grow AFTER INSERT ON idempotency BEGIN
    INSERT INTO idempotency_size VALUES (NEW.token, length(NEW.outcome) + length(NEW.key))
      ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
  END;
  CREATE TRIGGER idempotency_shrink AFTER DELETE ON idempotency BEGIN
    UPDATE idempotency_size SET bytes = bytes - length(OLD.outcome) - length(OLD.key) WHERE token = OLD.token;
    DELETE FROM idempotency_size WHERE token = OLD.token AND bytes <= 0;
  END;
`;
