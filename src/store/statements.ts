/**
 * The SQL of the store, prepared once. `+?` is the value of a parameter that the planner does not look at: where statements
 * have joins, an order or a limit, SQLite (with STAT4, as better-sqlite3 has it) would plan them anew for each value, which
 * takes ten times as long as what they do. Their plans are the same.
 */
import type { Database } from 'better-sqlite3';

/** In the order of `subjects`: by that of `revisions` each page would be looked for by sorting all that there is. */
const HISTORY = `SELECT revisions.* FROM subjects JOIN revisions USING (revision)
  WHERE subjects.kind = +? AND subjects.name = +?`;

/** The services of one zone. */
export const SERVICES_IN = 'SELECT body FROM services WHERE zone = +? ORDER BY name';

/** Every statement by its name. */
export function makeStatements(database: Database) {
  const sql = (text: string) => database.prepare<unknown[]>(text);
  return {
    addRevision: sql('INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?)'),
    addSubject: sql('INSERT INTO subjects VALUES (?, ?, ?, ?, ?, ?)'),
    unused: sql('SELECT 1 FROM unused'),
    beUsed: sql('DELETE FROM unused'),
    lastRevision: sql('SELECT max(revision) AS revision FROM revisions'),
    revision: sql('SELECT * FROM revisions WHERE revision = ?'),
    revisionsAfter: sql('SELECT * FROM revisions WHERE revision > ? ORDER BY revision LIMIT +?'),
    revisionsBefore: sql('SELECT * FROM revisions WHERE revision < ? ORDER BY revision DESC LIMIT +?'),
    subjects: sql('SELECT kind, name, before, after FROM subjects WHERE revision = +? ORDER BY position'),
    subjectsAfter: sql(`SELECT revision, position, kind, name FROM subjects WHERE (revision, position) > (?, ?)
      ORDER BY revision, position LIMIT +?`),
    history: sql(`${HISTORY} AND revision < ? ORDER BY subjects.revision DESC LIMIT +?`),
    zoneStoodAfter: sql(`SELECT after <> 'null' OR (revision = +? AND before <> 'null') AS stood FROM subjects
      WHERE kind = 'zone' AND name = +? AND revision <= ? ORDER BY revision DESC LIMIT 1`),
    zoneStoodBefore: sql(`SELECT before <> 'null' AS stood FROM subjects
      WHERE kind = 'zone' AND name = +? AND revision > ? ORDER BY revision LIMIT 1`),
    subjectBefore: sql(`SELECT at_ms, before FROM subjects JOIN revisions USING (revision)
      WHERE subjects.kind = +? AND subjects.name = +? AND before <> 'null' ORDER BY revision DESC LIMIT +?`),
    atMs: sql('SELECT at_ms FROM revisions WHERE revision >= ? ORDER BY revision LIMIT 1'),
    madeAfter: sql(`SELECT max(revision) AS revision FROM subjects
      WHERE kind = ? AND name = ? AND revision > ? AND before = 'null'`),
    recordsTaken: sql(`SELECT revision, at_ms FROM subjects JOIN revisions USING (revision)
      WHERE subjects.kind = 'zone' AND subjects.name = +? AND revision > ? AND revision <= ? AND before <> 'null'
      AND revisions.kind IN ('zone.import', 'zone.delete') ORDER BY revision DESC LIMIT 1`),
    historyAfter: sql(`${HISTORY} AND revision > ? ORDER BY subjects.revision LIMIT +?`),

    putZone: sql(
      'INSERT INTO zones VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body, content = excluded.content',
    ),
    deleteZone: sql('DELETE FROM zones WHERE name = ?'),
    zone: sql('SELECT body FROM zones WHERE name = ?'),
    // The root zone's name is empty, so the first page cannot be "after the empty name".
    zonesFirst: sql('SELECT body FROM zones ORDER BY name LIMIT +?'),
    zonesAfter: sql('SELECT body FROM zones WHERE name > ? ORDER BY name LIMIT +?'),
    zoneCount: sql('SELECT count(*) AS zones FROM zones'),
    allZones: sql('SELECT body FROM zones'),

    addContent: sql('INSERT INTO contents (state, revision) VALUES (?, 0)'),
    contentOf: sql('SELECT content FROM zones WHERE name = ?'),
    useContent: sql("UPDATE contents SET state = 'live', revision = ? WHERE id = ?"),
    dropContent: sql("UPDATE contents SET state = 'dead' WHERE id = ?"),
    dropStaged: sql("UPDATE contents SET state = 'dead' WHERE state = 'staged'"),

    putRRset: sql(`INSERT INTO rrsets (content, revision, name, type, ttl_seconds, rdata, record_ttls, labels, written)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET ttl_seconds = excluded.ttl_seconds, rdata = excluded.rdata,
      record_ttls = excluded.record_ttls, labels = excluded.labels, written = excluded.written,
      revision = excluded.revision`),
    keepLabels: sql(`UPDATE rrsets SET labels = old.labels FROM rrsets AS old WHERE old.content = ? AND
      old.labels IS NOT NULL AND rrsets.content = ? AND rrsets.name = old.name AND rrsets.type = old.type`),
    keepWritten: sql(`UPDATE rrsets SET written = old.written FROM rrsets AS old WHERE old.content = ? AND
      old.written IS NOT NULL AND rrsets.content = ? AND rrsets.name = old.name AND rrsets.type = old.type
      AND rrsets.rdata = old.rdata`),
    deleteRRset: sql('DELETE FROM rrsets WHERE content = ? AND name = ? AND type = ?'),
    // Those of a content that have no row in another one: it has not got them, or in a block.
    notedElsewhere: sql(`SELECT name, type FROM rrsets AS old WHERE content = +? AND (name, type) > (?, ?)
      AND (labels IS NOT NULL OR written IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM rrsets
      WHERE content = +? AND name = old.name AND type = old.type) ORDER BY name, type LIMIT +?`),

    putService: sql(
      'INSERT INTO services VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET zone = excluded.zone, body = excluded.body',
    ),
    deleteService: sql('DELETE FROM services WHERE name = ?'),
    deleteServicesOf: sql('DELETE FROM services WHERE zone = ?'),
    service: sql('SELECT body FROM services WHERE name = ?'),
    servicesAfter: sql('SELECT body FROM services WHERE name > ? ORDER BY name LIMIT +?'),
    servicesIn: sql(SERVICES_IN),
    servicesInAfter: sql('SELECT body FROM services WHERE zone = +? AND name > ? ORDER BY name LIMIT +?'),
    serviceNamesIn: sql('SELECT name FROM services WHERE zone = +? ORDER BY name'),
    allServices: sql('SELECT body FROM services'),

    putRelease: sql('INSERT INTO releases VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body'),
    putReleaseService: sql(
      'INSERT INTO release_services VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET active = excluded.active',
    ),
    release: sql('SELECT body FROM releases WHERE id = ?'),
    releasesAfter: sql('SELECT body FROM releases WHERE id > ? ORDER BY id LIMIT +?'),
    releasesOf: sql(`SELECT body FROM releases JOIN release_services USING (id)
      WHERE service = +? AND id > ? ORDER BY release_services.id LIMIT +?`),
    activeReleases: sql(
      'SELECT body FROM releases WHERE id IN (SELECT id FROM release_services WHERE active) ORDER BY id',
    ),
    lastReleaseOf: sql(`SELECT body FROM releases JOIN release_services USING (id) WHERE service = +?
      ORDER BY release_services.id DESC LIMIT 1`),
    releasingIn: sql(`SELECT services.name AS name FROM release_services JOIN services ON services.name = service
      WHERE active AND zone = +? ORDER BY services.name LIMIT 1`),
    activeReleaseOf: sql('SELECT body FROM releases JOIN release_services USING (id) WHERE service = +? AND active'),

    keepReply: sql('INSERT INTO idempotency VALUES (?, ?, ?, ?, ?)'),
    forgetReply: sql('DELETE FROM idempotency WHERE token = ? AND key = ?'),
    forgetOldestReply: sql(`DELETE FROM idempotency WHERE token = ? AND key = (SELECT key FROM idempotency
      WHERE token = ? AND key <> ? ORDER BY at_ms LIMIT 1)`),
    repliesSize: sql('SELECT bytes FROM idempotency_size WHERE token = ?'),
    allRepliesSize: sql('SELECT sum(bytes) AS bytes FROM idempotency_size'),
    keptReply: sql('SELECT * FROM idempotency WHERE token = ? AND key = ? AND at_ms > ?'),
    forgetRepliesTo: sql('DELETE FROM idempotency WHERE token = ?'),
    tokens: sql('SELECT digest, body FROM tokens ORDER BY name'),
    putToken: sql('INSERT INTO tokens VALUES (?, ?, ?)'),
    deleteToken: sql('DELETE FROM tokens WHERE name = ?'),
    webhooks: sql('SELECT secret, body FROM webhooks ORDER BY name'),
    webhook: sql('SELECT secret, body FROM webhooks WHERE name = ?'),
    putWebhook: sql('INSERT OR REPLACE INTO webhooks VALUES (?, ?, ?)'),
    deleteWebhook: sql('DELETE FROM webhooks WHERE name = ?'),
    signing: sql('SELECT body FROM signings WHERE zone = ?'),
    allSignings: sql('SELECT body FROM signings ORDER BY zone'),
    putSigning: sql('INSERT OR REPLACE INTO signings VALUES (?, ?)'),
    freeze: sql('SELECT body FROM freezes WHERE name = ?'),
    putProposal: sql('INSERT OR REPLACE INTO proposals VALUES (?, ?, ?)'),
    proposal: sql('SELECT body FROM proposals WHERE id = ?'),
    proposalsAfter: sql('SELECT body FROM proposals WHERE id > ? ORDER BY id LIMIT +?'),
    openProposals: sql('SELECT body FROM proposals WHERE open ORDER BY id'),
    freezes: sql('SELECT body FROM freezes ORDER BY name'),
    putFreeze: sql('INSERT OR REPLACE INTO freezes VALUES (?, ?)'),
    deleteFreeze: sql('DELETE FROM freezes WHERE name = ?'),
    deleteSigning: sql('DELETE FROM signings WHERE zone = ?'),
    deleteDeliveries: sql('DELETE FROM deliveries WHERE webhook = ?'),
    trialWrite: sql('INSERT OR REPLACE INTO probe VALUES (1, zeroblob(?))'),
    endTrial: sql('UPDATE probe SET written = 1'),
    fleet: sql('SELECT log, name, node, incarnation FROM fleet'),
    putFleet: sql('INSERT OR REPLACE INTO fleet VALUES (1, ?, ?, ?, ?)'),
    deleteFleet: sql('DELETE FROM fleet'),
    forgetReplies: sql('DELETE FROM idempotency WHERE at_ms <= ?'),
  };
}

export type Statements = ReturnType<typeof makeStatements>;
