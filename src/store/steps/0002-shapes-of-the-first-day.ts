/**
 * Step 2: for a day step 1 was edited in place, so that databases of eight shapes say that they are of version 1. This
 * brings each to the last one, and lets programs that know only version 1 refuse what they would misread. Released:
 * never edit it; add a step.
 */
import type { Database } from 'better-sqlite3';

export function step(database: Database): void {
  database.exec(LATER_TABLES);
  if (!columnsOf(database, 'zones').has('content')) database.exec(RECORDS_BY_CONTENT);
  if (!columnsOf(database, 'contents').has('revision')) {
    database.exec('ALTER TABLE contents ADD COLUMN revision INTEGER NOT NULL DEFAULT 0');
  }
  if (columnsOf(database, 'tokens').has('scope')) database.exec(TOKENS_WITH_A_BODY);
  database.exec(WHOLE_BODIES);
  // "TEAL": from now on `file` and this program can tell it from other databases.
  database.pragma('application_id = 0x5445414C');
}

function columnsOf(database: Database, table: string): Set<string> {
  return new Set((database.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name));
}

const LATER_TABLES = `
  CREATE TRIGGER IF NOT EXISTS subjects_stay BEFORE UPDATE ON subjects
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
  CREATE TRIGGER IF NOT EXISTS subjects_remain BEFORE DELETE ON subjects
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
  CREATE TABLE IF NOT EXISTS contents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL CHECK (state IN ('staged', 'live', 'dead')),
    revision INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS releases (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS release_services (
    service TEXT NOT NULL,
    id INTEGER NOT NULL REFERENCES releases,
    active INTEGER NOT NULL,
    PRIMARY KEY (service, id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS services_of_release ON release_services (id);
  CREATE UNIQUE INDEX IF NOT EXISTS active_releases ON release_services (service) WHERE active;
  CREATE TABLE IF NOT EXISTS tokens (
    name TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    body TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS webhooks (name TEXT PRIMARY KEY, secret TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS deliveries (
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
  CREATE INDEX IF NOT EXISTS deliveries_by_time ON deliveries (webhook, state, due_at_ms, position);
  CREATE TABLE IF NOT EXISTS delivery_cursor (id INTEGER PRIMARY KEY CHECK (id = 1), event TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, written INTEGER NOT NULL);
`;

/** Zones had their RRsets under their own name. */
const RECORDS_BY_CONTENT = `
  CREATE TABLE zones_of_step_2 (
    name TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    content INTEGER NOT NULL REFERENCES contents
  ) WITHOUT ROWID;
  INSERT INTO zones_of_step_2 SELECT name, body, row_number() OVER (ORDER BY name) FROM zones;
  INSERT INTO contents (id, state, revision) SELECT content, 'live', 0 FROM zones_of_step_2;
  CREATE TABLE rrsets_of_step_2 (
    content INTEGER NOT NULL,
    name TEXT NOT NULL,
    type INTEGER NOT NULL,
    ttl_seconds INTEGER NOT NULL,
    rdata BLOB NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (content, name, type)
  ) WITHOUT ROWID;
  INSERT INTO rrsets_of_step_2
    SELECT zones_of_step_2.content, rrsets.name, rrsets.type, rrsets.ttl_seconds, rrsets.rdata, rrsets.revision
    FROM rrsets JOIN zones_of_step_2 ON zones_of_step_2.name = rrsets.zone;
  DROP TABLE rrsets;
  DROP TABLE zones;
  ALTER TABLE zones_of_step_2 RENAME TO zones;
  ALTER TABLE rrsets_of_step_2 RENAME TO rrsets;
`;

const TOKENS_WITH_A_BODY = `
  CREATE TABLE tokens_of_step_2 (
    name TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    body TEXT NOT NULL
  ) WITHOUT ROWID;
  INSERT INTO tokens_of_step_2 SELECT name, digest,
    json_object('name', name, 'scope', scope, 'createdAtMs', created_at_ms, 'revision', 0) FROM tokens;
  DROP TABLE tokens;
  ALTER TABLE tokens_of_step_2 RENAME TO tokens;
`;

/** What zones and services have had since: they go on answering just as they did. */
const WHOLE_BODIES = `
  UPDATE zones SET body = json_insert(body,
    '$.primary', json_extract(body, '$.nameservers[0]'),
    '$.nameserversTtlSeconds', json_extract(body, '$.ttlSeconds'))
    WHERE json_type(body, '$.primary') IS NULL OR json_type(body, '$.nameserversTtlSeconds') IS NULL;
  UPDATE services SET body = json_insert(body,
    '$.salt', lower(hex(randomblob(16))), '$.pins', json('[]'), '$.previewNames', json('false'))
    WHERE json_type(body, '$.salt') IS NULL OR json_type(body, '$.pins') IS NULL
      OR json_type(body, '$.previewNames') IS NULL;
`;
