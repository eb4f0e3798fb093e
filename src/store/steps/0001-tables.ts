/** Step 1: the tables. Released: never edit it, also not its comments (test/store/migrations.test.ts); add a step. */

export const step = `
  CREATE TABLE revisions (
    revision INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    summary TEXT NOT NULL
  );
  CREATE TABLE subjects (
    revision INTEGER NOT NULL REFERENCES revisions,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    PRIMARY KEY (revision, position)
  ) WITHOUT ROWID;
  CREATE INDEX subjects_by_name ON subjects (kind, name, revision);
  -- The log is append-only.
  CREATE TRIGGER revisions_stay BEFORE UPDATE ON revisions BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
  CREATE TRIGGER revisions_remain BEFORE DELETE ON revisions BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

  CREATE TRIGGER subjects_stay BEFORE UPDATE ON subjects BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
  CREATE TRIGGER subjects_remain BEFORE DELETE ON subjects BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

  -- The records of a zone are a content. A new one is staged beside the one in use, and a change of the zone's row
  -- swaps them, so that a zone of any size is replaced by a short transaction; what is dead is swept later.
  CREATE TABLE contents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL CHECK (state IN ('staged', 'live', 'dead')),
    -- The import that brought it: RRsets whose revision is 0 have not been changed since.
    revision INTEGER NOT NULL
  );
  CREATE TABLE zones (
    name TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    content INTEGER NOT NULL REFERENCES contents
  ) WITHOUT ROWID;
  CREATE TABLE rrsets (
    content INTEGER NOT NULL,
    name TEXT NOT NULL,
    type INTEGER NOT NULL,
    ttl_seconds INTEGER NOT NULL,
    -- Each record's RDATA in wire form, preceded by its length in two bytes.
    rdata BLOB NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (content, name, type)
  ) WITHOUT ROWID;
  CREATE TABLE services (
    name TEXT PRIMARY KEY,
    zone TEXT NOT NULL REFERENCES zones,
    body TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX services_by_zone ON services (zone);
  -- The id is the number of the revision that made it.
  CREATE TABLE releases (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
  CREATE TABLE release_services (
    service TEXT NOT NULL,
    id INTEGER NOT NULL REFERENCES releases,
    active INTEGER NOT NULL,
    PRIMARY KEY (service, id)
  ) WITHOUT ROWID;
  CREATE INDEX services_of_release ON release_services (id);
  -- One release a service at a time.
  CREATE UNIQUE INDEX active_releases ON release_services (service) WHERE active;
  CREATE TABLE idempotency (
    token TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    outcome TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (token, key)
  ) WITHOUT ROWID;
  CREATE INDEX idempotency_by_age ON idempotency (at_ms);
  CREATE TABLE tokens (
    name TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    body TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE webhooks (name TEXT PRIMARY KEY, secret TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
  -- What is to be delivered to webhooks, and how far the events were looked at for it.
  CREATE TABLE deliveries (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    webhook TEXT NOT NULL,
    trigger TEXT NOT NULL,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'dead')),
    attempts INTEGER NOT NULL,
    due_at_ms INTEGER NOT NULL,
    error TEXT
  );
  CREATE INDEX deliveries_by_time ON deliveries (webhook, state, due_at_ms, position);
  CREATE TABLE delivery_cursor (id INTEGER PRIMARY KEY CHECK (id = 1), event TEXT NOT NULL);
  -- Written only to learn whether the store can be written again.
  CREATE TABLE probe (id INTEGER PRIMARY KEY, written INTEGER NOT NULL);
  `;
