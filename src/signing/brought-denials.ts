/** Whether what a zone brings to prove absence proves it: a chain of NSEC (RFC 4034 §4) or NSEC3 (RFC 5155) without a gap. */
import { nameToWire } from '../model/name.ts';
import type { ZoneCode } from '../model/zone-code.ts';
import type { ContentRRset, ZoneContent } from '../model/zone-content.ts';
import { NameDigest } from '../table/proofs/digest.ts';
import { KEPT_ITERATIONS_MAX } from '../table/proofs/kept.ts';
import { TYPE } from '../wire/constants.ts';
import { typesOf } from '../wire/dnssec/denial.ts';
import { lowerName, nameLength } from '../wire/name.ts';
import { formatType } from '../wire/rdata.ts';

/** What an NSEC of a cut says of all that stands there (RFC 4035 §2.3). */
const atCut: ReadonlySet<number> = new Set([TYPE.NS, TYPE.DS, TYPE.RRSIG, TYPE.NSEC]);
/** RFC 5155 §3.2 and §4.2. */
const SHA1 = 1;
const OPT_OUT = 1;
const HASH_BYTES = 20;

/** Adds a finding; of the zone as a whole where there is no RRset. */
export type Add = (
  severity: 'error' | 'warning',
  code: ZoneCode,
  rrset: ContentRRset | undefined,
  message: string,
) => void;

/** A name that the zone vouches for. */
export interface OwnName {
  readonly name: string;
  /** Lower-case. */
  readonly wire: Uint8Array;
  readonly rrsets: readonly ContentRRset[];
  readonly isCut: boolean;
}

/** `own`: the names that the zone vouches for, in canonical order. */
export function checkDenials(content: ZoneContent, own: readonly OwnName[], add: Add): void {
  if (content.rrset(content.zone, TYPE.NSEC) !== undefined) return checkNsec(content, own, add);
  const parameters = content.rrset(content.zone, TYPE.NSEC3PARAM);
  if (parameters !== undefined) return new HashedCheck(content, add, parameters).run(own);
  const message = `NSEC or NSEC3PARAM was expected at the top of the zone ${content.zone}.: nothing proves what is not there`;
  add('error', 'denial_incomplete', undefined, message);
}

function checkNsec(content: ZoneContent, own: readonly OwnName[], add: Add): void {
  for (const [i, { name, rrsets, isCut }] of own.entries()) {
    const nsec = rrsets.find(({ type }) => type === TYPE.NSEC);
    if (nsec === undefined) {
      add('error', 'denial_incomplete', rrsets[0], `${name}. has no NSEC`);
      continue;
    }
    const [rdata] = nsec.rdata;
    const length = nameLength(rdata);
    const next = own[(i + 1) % own.length];
    if (nsec.rdata.length > 1 || Buffer.compare(lowerName(rdata.subarray(0, length)), next.wire) !== 0)
      add('error', 'denial_incomplete', nsec, `${name}. NSEC was expected to lead to ${next.name}., the next name`);
    checkTypes(nsec, typesOf(rdata, length, rdata.length), typesAt(rrsets, isCut), add);
  }
  const names = new Set(own.map(({ name }) => name));
  for (const nsec of content.ofTypes([TYPE.NSEC])) {
    if (names.has(nsec.name)) continue;
    add('error', 'denial_incomplete', nsec, `${nsec.name}. has an NSEC and is not the zone's to vouch for`);
  }
}

function typesAt(rrsets: readonly ContentRRset[], isCut: boolean): number[] {
  return rrsets.map(({ type }) => type).filter((type) => type !== TYPE.NSEC3 && (!isCut || atCut.has(type)));
}

function checkTypes(proof: ContentRRset, said: readonly number[], there: readonly number[], add: Add): void {
  const wrong = [...said.filter((type) => !there.includes(type)), ...there.filter((type) => !said.includes(type))];
  if (wrong.length === 0) return;
  const types = wrong.map((type) => formatType(type)).join(', ');
  const what = `${proof.name}. ${formatType(proof.type)}`;
  add('error', 'denial_incomplete', proof, `${what} says something else of ${types} than what stands there`);
}

interface Hashed {
  readonly rrset: ContentRRset;
  readonly next: string;
  readonly isOptOut: boolean;
  readonly types: readonly number[];
}

class HashedCheck {
  readonly #content: ZoneContent;
  readonly #add: Add;
  readonly #parameters: ContentRRset;
  readonly #digest = new NameDigest();
  /** By hash, hexadecimal. */
  readonly #all = new Map<string, Hashed>();
  /** In order. */
  #hashes: string[] = [];
  readonly #met = new Set<string>();

  constructor(content: ZoneContent, add: Add, parameters: ContentRRset) {
    this.#content = content;
    this.#add = add;
    this.#parameters = parameters;
  }

  run(own: readonly OwnName[]): void {
    if (!this.#takeParameters()) return;
    for (const rrset of this.#content.ofTypes([TYPE.NSEC3])) this.#take(rrset);
    this.#hashes = [...this.#all.keys()].sort();
    for (const [i, hash] of this.#hashes.entries()) {
      const { rrset, next } = this.#all.get(hash) as Hashed;
      if (next === this.#hashes[(i + 1) % this.#hashes.length]) continue;
      this.#add('error', 'denial_incomplete', rrset, `${rrset.name}. NSEC3 does not lead to the next hash`);
    }
    const secure = this.#checkNames(own);
    this.#checkAbove(own, secure);
    for (const hash of this.#hashes) {
      const { rrset } = this.#all.get(hash) as Hashed;
      if (!this.#met.has(hash))
        this.#add('error', 'denial_incomplete', rrset, `${rrset.name}. NSEC3 is of no name of the zone`);
    }
  }

  #takeParameters(): boolean {
    const { rdata } = this.#parameters;
    const [only] = rdata;
    const refuse = (message: string): false => {
      this.#add('error', 'denial_unusable', this.#parameters, message);
      return false;
    };
    if (rdata.length > 1) return refuse('one NSEC3PARAM was expected: a zone is answered by one chain');
    if (only[0] !== SHA1) return refuse(`NSEC3PARAM has the hash ${only[0]}: 1 is the only one (RFC 5155 §11)`);
    const iterations = (only[2] << 8) | only[3];
    if (iterations > KEPT_ITERATIONS_MAX) {
      const why = 'each query would cost them thrice, and validators take such zones for unsigned (RFC 9276 §3.2)';
      return refuse(`NSEC3PARAM has ${iterations} iterations: at most ${KEPT_ITERATIONS_MAX} are answered, as ${why}`);
    }
    this.#digest.use(iterations, only, 5, only[4]);
    return true;
  }

  #take(rrset: ContentRRset): void {
    const [rdata] = rrset.rdata;
    const [only] = this.#parameters.rdata;
    const saltEnd = 5 + rdata[4];
    const nextEnd = saltEnd + 1 + rdata[saltEnd];
    const isOfChain = rdata[0] === SHA1 && Buffer.compare(rdata.subarray(2, saltEnd), only.subarray(2)) === 0;
    const owner = nameToWire(rrset.name);
    const hash = owner[0] === 32 ? fromDigits(owner.subarray(1, 33)) : undefined;
    if (!isOfChain || rrset.rdata.length > 1 || rdata[saltEnd] !== HASH_BYTES || hash === undefined)
      return this.#add(
        'error',
        'denial_unusable',
        rrset,
        `${rrset.name}. NSEC3 is not of the chain that NSEC3PARAM names`,
      );
    this.#all.set(hash, {
      rrset,
      next: Buffer.from(rdata.subarray(saltEnd + 1, nextEnd)).toString('hex'),
      isOptOut: (rdata[1] & OPT_OUT) !== 0,
      types: typesOf(rdata, nextEnd, rdata.length),
    });
  }

  #hash(wire: Uint8Array): string {
    this.#digest.hash(wire, 0, wire.length);
    return Buffer.from(this.#digest.bytes).toString('hex');
  }

  /** The names that must have an NSEC3, and so those above them: all but unsigned delegations, which may be opted out. */
  #checkNames(own: readonly OwnName[]): OwnName[] {
    return own.filter((each) => {
      const { name, wire, rrsets, isCut } = each;
      const hash = this.#hash(wire);
      const found = this.#all.get(hash);
      if (found !== undefined) {
        this.#met.add(hash);
        checkTypes(found.rrset, found.types, typesAt(rrsets, isCut), this.#add);
        return true;
      }
      const isUnsigned = isCut && rrsets.every(({ type }) => type !== TYPE.DS);
      if (isUnsigned && this.#isOptedOut(hash)) return false;
      this.#add('error', 'denial_incomplete', rrsets[0], `${name}. has no NSEC3`);
      return true;
    });
  }

  /** Empty non-terminals (RFC 5155 §7.1). */
  #checkAbove(own: readonly OwnName[], secure: readonly OwnName[]): void {
    const key = (wire: Uint8Array): string => Buffer.from(wire).toString('latin1');
    const seen = new Set(own.map(({ wire }) => key(wire)));
    const apex = nameToWire(this.#content.zone).length;
    // Those above what was opted out may have one, and need not.
    for (const [names, mustBe] of [
      [secure, true],
      [own, false],
    ] as const) {
      for (const { wire, rrsets } of names) {
        for (let at = 1 + wire[0]; wire.length - at > apex; at += 1 + wire[at]) {
          const above = wire.subarray(at);
          if (seen.has(key(above))) continue;
          seen.add(key(above));
          this.#checkEmpty(this.#hash(above), rrsets[0], mustBe);
        }
      }
    }
  }

  #checkEmpty(hash: string, below: ContentRRset, mustBe: boolean): void {
    const found = this.#all.get(hash);
    if (found !== undefined) {
      this.#met.add(hash);
      checkTypes(found.rrset, found.types, [], this.#add);
    } else if (mustBe) {
      this.#add('error', 'denial_incomplete', below, `a name above ${below.name}. has no NSEC3`);
    }
  }

  #isOptedOut(hash: string): boolean {
    let low = 0;
    let high = this.#hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#hashes[middle] < hash) low = middle + 1;
      else high = middle;
    }
    const before = this.#hashes.at(low - 1);
    return before !== undefined && this.#all.get(before)?.isOptOut === true;
  }
}

/** Base 32 with the extended hex alphabet (RFC 4648 §7); hexadecimal. Undefined: it is none. */
function fromDigits(digits: Uint8Array): string | undefined {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const digit of digits) {
    const value = Number.parseInt(String.fromCharCode(digit), 32);
    if (Number.isNaN(value)) return undefined;
    held = ((held << 5) | value) & 0xfff;
    for (bits += 5; bits >= 4; bits -= 4) text += ((held >> (bits - 4)) & 15).toString(16);
  }
  return text;
}
