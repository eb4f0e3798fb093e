/**
 * Step 4: signatures of one name keep the TTLs of what they sign (RFC 4034 §3).
 * Released: never edit it; add a step.
 */

export const step = `
  -- The TTL of each record as a JSON list, where they differ; ttl_seconds is the lowest of them.
  ALTER TABLE rrsets ADD COLUMN record_ttls TEXT;
`;
