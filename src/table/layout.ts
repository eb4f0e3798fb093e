/**
 * Where everything lies in the shared memory of the table.
 *
 * Two memories: `control`, a few words that every thread polls, each on a cache line of its own; and the arena, which
 * holds the compiled answers. Arena addresses are word offsets (4 bytes) into it; 0 means "none". All integers are in
 * the machine's byte order; bytes that go on the wire are in network order.
 */
import { TYPE } from '../wire/constants.ts';

/** 16 words = 64 bytes: two words that different threads write never share a cache line. */
const LINE_WORDS = 16;

export const CONTROL = {
  /** Workers answer from versions of at most this generation. */
  GENERATION: 0,
  /** Raised after every publication; see reclaim.ts. */
  EPOCH: 1 * LINE_WORDS,
  /** 1: workers leave their loops. Each data process has this word, and the beats, in a memory of its own: see fleet.ts. */
  STOP: 2 * LINE_WORDS,
  /** The first word of the arena that no thread has taken. */
  ARENA_NEXT: 3 * LINE_WORDS,
  /** One mark a worker: 0 offline, else the epoch that it saw before it loaded the generation. */
  MARKS: 4 * LINE_WORDS,
} as const;

/** Marks lie one to a cache line. */
export const MARK_STRIDE_WORDS = LINE_WORDS;
/** UDP workers and the TCP worker of one data process. 64 cores and one more are plenty for a nameserver. */
export const READERS_PER_PLACE = 65;
/** While one data process takes over from another, both read: each has a place, with marks and counters of its own. */
export const PLACES = 2;
export const MAX_READERS = PLACES * READERS_PER_PLACE;
/** The main thread's own place. It needs no mark: nothing is changed or freed while it reads. */
export const MAIN_READER = MAX_READERS;
/** One word a worker, raised by its every turn, idle ones too: one that stands still is stuck. Spaced like the marks. */
export const BEATS = CONTROL.MARKS + (MAX_READERS + 1) * MARK_STRIDE_WORDS;
/** What only the control plane writes and reads, so that a later one can go on from it. */
const WRITER_AT = BEATS + MAX_READERS * MARK_STRIDE_WORDS;
export const WRITER = {
  /** 1: the table holds what a store holds, up to the revision. */
  IS_LOADED: WRITER_AT,
  /** The last number that a service or pool was given. */
  LAST_ID: WRITER_AT + 1,
  /** Raised before and after anything that can be reached is changed: who copies the table sees whether it stood still. */
  STIRRED: WRITER_AT + 2,
  /** The revision that the table holds, a double: two words at an even place. Stored after the generation. */
  REVISION: WRITER_AT + 4,
  /** What tells the store's history up to that revision from every other. */
  HISTORY: WRITER_AT + 6,
} as const;
/** Until when the node may claim to be current: see claim.ts. On a line of its own, since every worker reads it. */
export const CLAIM_AT = WRITER_AT + LINE_WORDS;
export const CONTROL_BYTES = 4 * (CLAIM_AT + LINE_WORDS);

/** One for each byte of the longest name (RFC 1035 §2.3.4), and some that nothing uses. */
export const KEY_WORDS = 256;

/** The first words of the arena. */
export const ARENA = {
  /** Index cell of the zones. */
  ZONES: 1,
  /** Bit n is set when a zone of n labels exists or has existed (n = 31: 31 labels or more). */
  ZONE_DEPTHS: 2,
  /** The secret that names are hashed by, drawn for each table; see hash.ts. */
  KEYS: LINE_WORDS,
  /** First word that the allocator may hand out. */
  FIRST_FREE: LINE_WORDS + KEY_WORDS,
} as const;
/** Zones of more labels share a bit of ARENA.ZONE_DEPTHS. */
export const DEPTHS_EXACT = 30;

/** Every version (of a zone, a node or a plan) begins with these. */
export const VERSION = {
  /** The generation it belongs to; 0 once every worker sees it (settled). */
  GENERATION: 0,
  /** The version before it, for workers of an older generation; 0: there was nothing. */
  PREVIOUS: 1,
} as const;

/** What an index holds: a zone entry or a node. `VERSION_WORD` leads to the newest version. */
export const ENTRY = {
  VERSION_WORD: 0,
  /** Node: the node one label above, in the same zone; 0 at the apex. */
  PARENT: 1,
  /** Node: how many of the names one label below exist or have such names. Only the writer uses it. */
  CHILDREN: 2,
  /** Hash of the name, so that a split of a segment need not read the name. */
  HASH: 3,
  /** Bytes of the name in the low 8 bits (RFC 1035 §2.3.4: at most 255), labels without the root above them. */
  NAME: 4,
  /** The name in lower-case wire form. */
  NAME_BYTES: 5,
} as const;

/** Version of a zone. `INDEX` 0: the zone is gone. */
export const ZONE = {
  INDEX: 2,
  APEX: 3,
  /** ZONE_HAS_* */
  FLAGS: 4,
  /**
   * The root of the order by which names are proved not to be there (order/): that of the zone's names or, where it
   * ZONE_IS_HASHED, of their hashes; 0: it is not signed.
   */
  ORDER: 5,
  WORDS: 6,
} as const;

/** The zone holds a name that begins with `*`: a missing name may still have an answer (RFC 4592). */
export const ZONE_HAS_WILDCARD = 1;
/** The zone holds NS records below its apex (RFC 1034 §4.2.1) or a DNAME (RFC 6672): names may lie beyond them. */
export const ZONE_HAS_BORDER = 2;
/** The zone proves by NSEC3 (RFC 5155). */
export const ZONE_IS_HASHED = 4;
/** The table has no room for the zone: of its records only those of the apex are there, and nobody is answered by any. */
export const ZONE_IS_LEFT_OUT = 8;
/**
 * An entry in the order of a zone's hashed names is no node: it never changes, its VERSION_WORD leads to the NSEC3 RRset
 * itself, its name is the hash as one label, PARENT is the node whose name it is (0: that is not known), and CHILDREN this.
 */
export const HASHED_NAME = -1;

/** Version of a node: the RRsets and the service of one name. */
export const NODE = {
  /** NODE_* */
  FLAGS: 2,
  /** Service cell, or 0. */
  SERVICE: 3,
  /** RRsets: pairs of type and RRset follow. */
  COUNT: 4,
  PAIRS: 5,
} as const;

/**
 * Behind a node's RRsets, by this for its type: the NSEC of a signed zone's name. What somebody put under the type itself, in
 * a zone that nobody signs here, is a record as any other.
 */
export const NSEC_IN_CHAIN = (3 << 16) | TYPE.NSEC;
/** The same for what denies at a service's name the other type of addresses. */
export const NSEC_WITHOUT_AAAA = (1 << 16) | TYPE.NSEC;
export const NSEC_WITHOUT_A = (2 << 16) | TYPE.NSEC;

/** The name exists: it owns records, or names below it do (an empty non-terminal, RFC 8020). */
export const NODE_EXISTS = 1;
export const NODE_HAS_CNAME = 2;
export const NODE_IS_CUT = 4;
export const NODE_IS_APEX = 8;
export const NODE_HAS_DNAME = 16;

/** An RRset, immutable: its records as they go on the wire, each with a pointer to the owner (RFC 1035 §4.1.4). */
export const RRSET = {
  COUNT: 0,
  /** Bytes of all records. */
  LENGTH: 1,
  /** Bytes of each record where all are of one length, else 0. */
  STRIDE: 2,
  /** Compression pointers in the data: each a word, position << 8 | offset in the owner's name. */
  FIXUPS: 3,
  /**
   * Byte offset, from the first record, of the uncompressed lower-case target of a CNAME or DNAME; else 0. It may be the one
   * that the record itself has.
   */
  TARGET: 4,
  /** Words of the whole block. */
  WORDS: 5,
  /** Bytes of the RRSIG records behind the records, and how many there are above them; 0: the RRset is not signed. */
  SIGNATURES: 6,
  /** The fixups, then the records' bytes, then those of the signatures, then the target where it is apart. */
  DATA: 7,
} as const;

/** The count stands above the bytes: both fit, since an answer of 64 KiB has room for no more. */
export const SIGNATURE_COUNT_SHIFT = 24;
export const SIGNATURE_BYTES_MASK = 0xff_ffff;

/** A service: what outlives its plans. */
export const SERVICE = {
  /** Leads to the newest plan. */
  PLAN_WORD: 0,
  /** Words of the cell; the rest rounds it up to the allocator's smallest block. */
  WORDS: 4,
} as const;

/** A plan: the compiled choice of a service, immutable. */
export const PLAN = {
  /** PLAN_* */
  FLAGS: 2,
  TTL: 3,
  /** Sum of the weights, 1 .. 16 * 65,535. */
  TOTAL: 4,
  /** 2^32 mod total: draws whose low half lies below it are drawn again, so that none is favoured. */
  REJECT_BELOW: 5,
  POOLS: 6,
  /** Words of the whole block. */
  WORDS: 7,
  /** A hash of its name, the same on every node: with it the resolvers of one service are sampled apart from those of others. */
  SERVICE: 8,
  /** Unix time, seconds, when a pool last began to drain. */
  DRAINING_SINCE: 9,
  /** Where in the block the writer's record of the service begins; 0: a preview has none. See service-record.ts. */
  RECORD: 10,
  /** The pools, then the rules (RULES) where there are any, then the record. */
  FIRST_POOL: 11,
} as const;

/** The targets are host names, and the answers CNAMEs. */
export const PLAN_HOST = 1;
/** The client's network decides, or may: the plan has rules. */
export const PLAN_BY_NETWORK = 2;

/** One pool in a plan. */
export const POOL = {
  /** Draws below this, and not below the pool's before, pick this pool. */
  THRESHOLD: 0,
  /** Its line in the counters. */
  COUNTER: 1,
  /** RRset A, or CNAME for a host; 0: none. */
  FIRST: 2,
  /** RRset AAAA; 0: none. */
  SECOND: 3,
  /** A number that no other pool has had. */
  ID: 4,
  WORDS: 5,
} as const;

/** The part of a plan that looks at the client's network, behind the pools. */
export const RULES = {
  /** The key of the hash, four words. */
  SALT: 0,
  /** 1: where no pin decides, the hash of the network does; 0: a draw does. */
  STICKY: 4,
  /** How many pins there are for IPv4, and for IPv6. */
  PINS_IPV4: 5,
  PINS_IPV6: 6,
  /** A word for each pool, made of its name; then the pins for IPv4, then those for IPv6. */
  SEEDS: 7,
} as const;

/** A pin: the words of an IPv4 address, in the machine's byte order, or the four of an IPv6 address follow. */
export const PIN = {
  /** Bits of the prefix. */
  LENGTH: 0,
  /** Its pool's place, counted from the plan's. */
  POOL: 1,
  ADDRESS: 2,
} as const;

/** Index cell: leads to a directory: its depth in bits, then one segment for each value of the hash's top bits. */
export const DIRECTORY = { BITS: 0, SEGMENTS: 1 } as const;

/** A segment of an index: open addressing over pairs of hash and entry. */
export const SEGMENT = {
  SLOTS_LOG2: 0,
  /** Top bits of the hash that all its entries share. */
  DEPTH: 1,
  /** Slots that are not empty (entries and tombstones). */
  USED: 2,
  SLOTS: 3,
} as const;

/** A slot whose entry was removed: a search goes on past it. */
export const TOMBSTONE = -1;

/** Words of an entry whose name has so many bytes. */
export function entryWords(nameBytes: number): number {
  return ENTRY.NAME_BYTES + Math.ceil(nameBytes / 4);
}

/** Words of a node's version with so many RRsets. */
export function nodeWords(rrsets: number): number {
  return NODE.PAIRS + 2 * rrsets;
}
