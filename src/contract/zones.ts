/** Zones, their files and their RRsets, as they are sent and shown. */
import { labels } from './labels.ts';
import { decimal, name, oneOf, recordWarnings, revision, strict, ttl, whole } from './shapes.ts';
import { Type } from './type.ts';
import { why } from './why.ts';

const times = {
  ttlSeconds: ttl('TTL of the SOA; 3600 where left out.'),
  nameserversTtlSeconds: ttl('TTL of the NS records; that of the SOA where left out.'),
  negativeTtlSeconds: ttl('How long resolvers keep a negative answer (RFC 2308); 60.'),
  refreshSeconds: ttl('SOA REFRESH, for secondaries.'),
  retrySeconds: ttl('SOA RETRY, for secondaries.'),
  expireSeconds: ttl('SOA EXPIRE, for secondaries.'),
};

const nameservers = Type.Array(Type.String(), { description: 'Host names of the NS records at the apex.' });
const hostmaster = Type.String({ description: 'Mailbox of the SOA as a name: `hostmaster.example.com`.' });
const primary = Type.String({ description: "The SOA's MNAME; the first nameserver where left out." });

const zonemd = Type.Boolean({
  description:
    'Whether a digest of the whole zone stands at its apex (ZONEMD, RFC 8976): made some moments after each change, and absent until then. Absent: no. Of a zone that is changed, left out: as it is.',
});

export const ZoneBody = Type.Object(
  {
    nameservers,
    hostmaster,
    primary: Type.Optional(primary),
    ttlSeconds: Type.Optional(times.ttlSeconds),
    nameserversTtlSeconds: Type.Optional(times.nameserversTtlSeconds),
    negativeTtlSeconds: Type.Optional(times.negativeTtlSeconds),
    refreshSeconds: Type.Optional(times.refreshSeconds),
    retrySeconds: Type.Optional(times.retrySeconds),
    expireSeconds: Type.Optional(times.expireSeconds),
    zonemd: Type.Optional(zonemd),
    labels,
    ...why,
  },
  {
    ...strict,
    $id: 'ZoneBody',
    examples: [
      {
        nameservers: ['ns1.example.com'],
        hostmaster: 'hostmaster.example.com',
        ttlSeconds: 3600,
        negativeTtlSeconds: 60,
      },
    ],
  },
);

const shownZone = {
  name: Type.String(),
  nameservers,
  hostmaster,
  primary,
  ...times,
  zonemd: Type.Optional(zonemd),
  labels,
  serial: whole('SOA serial (RFC 1982); a shift does not raise it.', { maximum: 2 ** 32 - 1 }),
  contentRevision: whole(
    'The last revision that changed its settings or its records: the ETag of its file, and the If-Match of a list of changes.',
  ),
};

export const Zone = Type.Object(
  { ...shownZone, revision: whole('The last revision that changed its settings, not its records; its ETag.') },
  { $id: 'Zone' },
);

/** Something wrong or doubtful in a zone file. */
export const Finding = Type.Object({
  severity: oneOf(['error', 'warning']),
  code: Type.String({ description: 'Stable: scripts may rely on it.' }),
  file: Type.String({ description: 'Empty: the file that was sent.' }),
  line: whole('From 1; 0: the whole zone is meant.'),
  column: whole('From 1; 0: the whole line is meant.'),
  message: Type.String({ description: 'What was expected, and what was found.' }),
});

export const Import = Type.Object(
  {
    ...shownZone,
    revision,
    rrsets: whole("How many RRsets the file has, but for the apex's SOA and NS."),
    warnings: Type.Array(Finding),
  },
  { $id: 'Import' },
);

const records = {
  ttlSeconds: ttl('0 to 2147483647 (RFC 2181 §8).'),
  recordTtlSeconds: Type.Optional(
    Type.Array(ttl('0 to 2147483647.'), {
      description:
        'Of an RRSIG only: the TTL of each record, where they differ, since signatures have that of what they sign (RFC 4034 §3). ttlSeconds is the lowest then.',
    }),
  ),
  rdata: Type.Array(Type.String(), {
    description: 'The RDATA of each record as in a zone file (RFC 1035 §5.1), names in it in full.',
  }),
  labels,
};

export const RRsetBody = Type.Object(
  { ...records, ...why },
  {
    ...strict,
    $id: 'RRsetBody',
    examples: [{ ttlSeconds: 300, rdata: ['10 mail.example.com.'] }],
  },
);

const rrsetOf = {
  name: Type.String({ description: 'Owner name in full, as in the path of an RRset.' }),
  type: Type.String({ description: 'Record type such as `TXT`.' }),
};

const values = Type.Array(Type.String(), { description: 'The RDATA of some records, each as in `rdata`.' });

/** A part of a zone's own settings. */
const apexChange = {
  nameservers: Type.Optional(nameservers),
  hostmaster: Type.Optional(hostmaster),
  primary: Type.Optional(Type.String({ description: "The SOA's MNAME." })),
  ttlSeconds: Type.Optional(ttl('TTL of the SOA.')),
  nameserversTtlSeconds: Type.Optional(ttl('TTL of the NS records.')),
  negativeTtlSeconds: Type.Optional(times.negativeTtlSeconds),
  refreshSeconds: Type.Optional(times.refreshSeconds),
  retrySeconds: Type.Optional(times.retrySeconds),
  expireSeconds: Type.Optional(times.expireSeconds),
};

/** One change of a list. */
const RecordChange = Type.Object(
  {
    put: Type.Optional(
      Type.Object(
        { ...rrsetOf, ...records },
        { ...strict, description: 'Makes the RRset, or replaces all of its records.' },
      ),
    ),
    add: Type.Optional(
      Type.Object(
        {
          ...rrsetOf,
          ttlSeconds: Type.Optional(
            ttl('That of all its records then. Left out: the one that the RRset has, or else the one of the SOA.'),
          ),
          values,
        },
        {
          ...strict,
          description: 'Adds records; where there is no RRset it is made. What is there already stays as it is.',
        },
      ),
    ),
    remove: Type.Optional(
      Type.Object(
        { ...rrsetOf, values },
        {
          ...strict,
          description: 'Takes records away; with the last one the RRset is gone. What is not there is no fault.',
        },
      ),
    ),
    delete: Type.Optional(
      Type.Object(rrsetOf, { ...strict, description: 'Deletes the RRset. That it is not there is no fault.' }),
    ),
  },
  { ...strict, description: 'Exactly one of them.' },
);

export const RecordChangesBody = Type.Object(
  {
    changes: Type.Array(RecordChange, {
      description:
        '1 to 1000, carried out in their order. What may stand where is asked of what all of them leave, not on the way. None, where there is an `apex`.',
    }),
    apex: Type.Optional(
      Type.Object(apexChange, {
        ...strict,
        description:
          'What the zone itself says from the same instant on, its SOA and NS; what is left out stays as it is. It needs the scope `admin`.',
      }),
    ),
    ...why,
  },
  {
    ...strict,
    $id: 'RecordChangesBody',
    examples: [
      {
        changes: [
          { add: { name: '_acme-challenge.example.com', type: 'TXT', ttlSeconds: 60, values: ['"token"'] } },
          { delete: { name: 'old.example.com', type: 'A' } },
          { put: { name: 'old.example.com', type: 'CNAME', ttlSeconds: 300, rdata: ['new.example.com.'] } },
        ],
      },
    ],
  },
);

export const RecordChanges = Type.Object(
  {
    zone: Type.String(),
    rrsets: Type.Array(
      Type.Object({
        name: Type.String(),
        type: Type.String(),
        change: oneOf(['made', 'changed', 'deleted', 'none'], { description: '`none`: it was so already.' }),
        ttlSeconds: Type.Optional(ttl('As it is now; absent where there is none.')),
        records: whole('How many it has now.'),
      }),
      { description: 'Each that the changes name, once.' },
    ),
    apex: Type.Optional(
      Type.Object(
        { change: oneOf(['changed', 'none'], { description: '`none`: it said so already.' }) },
        { description: 'What came of the `apex`, where there was one.' },
      ),
    ),
    revision: whole('That holds the result: the last one of the zone where nothing had to change.'),
    warnings: recordWarnings,
  },
  { $id: 'RecordChanges' },
);

export const RRset = Type.Object(
  {
    zone: Type.String(),
    name: Type.String(),
    type: Type.String(),
    ...records,
    revision,
    warnings: recordWarnings,
  },
  { $id: 'RRset' },
);

/** An RRset as a zone answers it, or a part of one. */
export const Answered = Type.Object(
  {
    from: oneOf(['zone', 'service', 'preview', 'record', 'delegation', 'glue', 'hidden'], {
      description:
        'What makes it. `zone`: its own SOA and NS. `service`: one of its pools, with `share` of the answers. `preview`: the name of one pool. `record`: a plain record. `delegation`: the NS of a zone below, with its `glue`. `hidden`: a record that a zone below keeps from being answered. More may come.',
    }),
    zone: Type.String(),
    name: Type.String({ description: 'Owner name in full, as in the path of an RRset.' }),
    type: Type.String({ description: 'Record type such as `TXT`.' }),
    ...records,
    service: Type.Optional(Type.String({ description: 'Of a service, or one of its previews: which.' })),
    pool: Type.Optional(Type.String({ description: 'Of a service, or one of its previews: which pool answers so.' })),
    share: Type.Optional(decimal('Of a service: how much of its answers are these.', { minimum: 0, maximum: 1 })),
    revision: whole('Of the zone, the service or the RRset: the last that changed it.'),
  },
  { $id: 'Answered' },
);

const zoneName = name(
  'Name of the zone, without the final dot. The root is `.`, or `=2E` from clients that take a dot for a step in the path.',
);

export const ZoneParams = Type.Object({ zone: zoneName });

export const ZoneFileQuery = Type.Object(
  { signed: Type.Optional(oneOf(['true'], { description: 'With what proves and signs it, and its digest.' })) },
  strict,
);

export const RRsetParams = Type.Object({
  zone: zoneName,
  name: name('Owner name in full, without the final dot; `*` as the leftmost label, other bytes as `\\DDD`.'),
  type: name('Record type such as `MX`, or `TYPE65280` (RFC 3597).'),
});

export const ImportQuery = Type.Object(
  {
    signatures: Type.Optional(
      oneOf(['keep', 'resign'], {
        description:
          'What becomes of keys and signatures that the file brings: the zone is served as it is (keep), or they are dropped and Teal, which signs the zone, signs it (resign).',
      }),
    ),
    force: Type.Optional(
      oneOf(['true'], {
        description:
          'Though the zone is served with signatures of its own, and the file has none, or none of the keys that its parent may have a DS of: validators find it bogus then.',
      }),
    ),
  },
  strict,
);

export const ZoneDeleteQuery = Type.Object(
  {
    services: Type.Optional(
      oneOf(['delete'], { description: 'Deletes the services of the zone with it; without it they are a 409.' }),
    ),
    force: Type.Optional(
      oneOf(['true'], { description: 'Though its parent may have a DS for it: validators find it bogus then.' }),
    ),
  },
  strict,
);
