/** Zones that are signed, as this process knows them: their keys, opened where they can be, and what their parents were seen to have. */

import { dirname } from 'node:path';
import type { Notice } from '../../model/dnssec/notice.ts';
import { type OtherNode, waitedFor } from '../../model/dnssec/others.ts';
import { leavingKeys, type PublicKey, type SigningKey, type ZoneSigning } from '../../model/dnssec/signing.ts';
import { mayLeadTo, type ParentLook, type ParentServer } from '../../model/dnssec/transition.ts';
import { Problem } from '../../model/errors.ts';
import { canonicalName, parentOf } from '../../model/name.ts';
import { shown } from '../../shown.ts';
import type { ExportKeys } from '../../signing/export-keys.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import { ALGORITHM } from '../../wire/dnssec/key.ts';
import { isKey } from '../../wire/dnssec/verifier.ts';
import { Malformed } from '../../wire/malformed.ts';
import { parseRdata } from '../../wire/rdata.ts';
import type { ParentHere } from '../replies/dnssec.ts';
import { type ExportedKey, exportKey } from './key-forms.ts';
import { type FreshKey, type Keyring, publicKeyOf } from './keyring.ts';

const numbers = { ecdsap256sha256: ALGORITHM.ECDSAP256SHA256, ed25519: ALGORITHM.ED25519 } as const;

/** Which key is wanted: a new one, or one that is there. */
interface WantedKey {
  readonly algorithm?: keyof typeof numbers;
  /** PKCS #8 in PEM, or BIND's `.private`. */
  readonly privateKey?: string;
}

/** What of a fleet holds up signed zones. */
interface FleetSigning {
  /** Nodes that may answer by what was before. */
  readonly late: readonly string[];
  /** All, with what each confirmed. */
  readonly nodes: readonly { readonly node: string; readonly revision: number }[];
  /** Nodes that cannot sign what this one can; undefined: not known yet. */
  readonly withoutKey: readonly string[] | undefined;
  /** How far the others are with signing. */
  readonly others: readonly OtherNode[];
}

/** What it works with besides. */
interface Besides {
  /** Writes the signatures that were made to their file. */
  readonly flush?: () => void;
  /** Whether something of a zone is not answered yet as it is to be signed. */
  readonly isBehind?: (zone: string) => boolean;
  /** What holds up the others, where there are any. */
  readonly fleet?: () => FleetSigning;
  /** Why not all of a zone can be signed now as it is to be; undefined: nothing is known to be in the way. */
  readonly heldUp?: (zone: string) => Problem | undefined;
  /** All servers of a zone's parent, and what each has; none: they were not found. */
  readonly look?: (zone: string) => Promise<readonly ParentServer[]>;
}

const ALONE: FleetSigning = { late: [], nodes: [], withoutKey: [], others: [] };

/** A signing, with the last look at its zone's parent. */
export interface SigningView {
  readonly signing: ZoneSigning;
  readonly look: ParentLook | undefined;
  /** Nodes of the fleet that may answer otherwise. */
  readonly late: readonly string[];
  readonly notice: Notice | undefined;
  readonly parentHere: ParentHere | undefined;
  /** Why not all of it can be signed now as it is to be. */
  readonly heldUp: string | undefined;
  readonly revision: number;
}

export class Signings {
  readonly #store: Store;
  readonly #keyring: Keyring;
  readonly #besides: Besides;
  readonly #looks = new Map<string, ParentLook>();
  readonly #notices = new Map<string, Notice>();

  constructor(store: Store, keyring: Keyring, besides: Besides = {}) {
    this.#store = store;
    this.#keyring = keyring;
    this.#besides = besides;
  }

  get #fleet(): FleetSigning {
    return this.#besides.fleet?.() ?? ALONE;
  }

  /** What the parent of a zone had when it was asked last. */
  lookOf(zone: string): ParentLook | undefined {
    return this.#looks.get(zone);
  }

  noteLook(zone: string, look: ParentLook): void {
    this.#looks.set(zone, look);
  }

  /** What came of telling the parent of a zone that its CDS has changed. */
  noteNotice(zone: string, notice: Notice): void {
    this.#notices.set(zone, notice);
  }

  /** `zone`: canonical name. */
  isSigned(zone: string): boolean {
    return this.#store.signing(zone) !== undefined;
  }

  /** Nodes that may answer otherwise than a signing says, in name order. */
  late(signing: Pick<ZoneSigning, 'zone' | 'revision'>): readonly string[] {
    const { late, nodes, withoutKey, others } = this.#fleet;
    // Who is late is known some seconds later only; here every node is to have said that it has this very revision.
    const behind = nodes.filter((each) => each.revision < signing.revision).map(({ node }) => node);
    return [...new Set([...late, ...behind, ...(withoutKey ?? []), ...waitedFor(signing, others)])].sort();
  }

  #signingOf(text: string): ZoneSigning | Problem {
    const zone = this.#zoneOf(text);
    if (zone instanceof Problem) return zone;
    const unknown = new Problem('signing_unknown', `The zone ${shown(zone)} is not signed.`);
    return this.#store.signing(zone) ?? unknown;
  }

  view(text: string): SigningView | Problem {
    const signing = this.#signingOf(text);
    if (signing instanceof Problem) return signing;
    const { zone } = signing;
    return {
      signing,
      look: this.lookOf(zone),
      late: this.late(signing),
      notice: this.#notices.get(zone),
      parentHere: this.#parentHere(zone),
      heldUp: this.#besides.isBehind?.(zone) === true ? this.#besides.heldUp?.(zone)?.detail : undefined,
      revision: signing.revision,
    };
  }

  #parentHere(zone: string): ParentHere | undefined {
    const above = parentOf(zone);
    const parent = above === undefined ? undefined : this.#store.zoneOf(above)?.name;
    if (parent === undefined) return undefined;
    return { zone: parent, ds: this.#store.rrset(parent, zone, TYPE.DS)?.rdata ?? [] };
  }

  /** A key for a zone, new or read; refused where keys that are here already cannot be opened. */
  freshKey(text: string, { algorithm, privateKey }: WantedKey, nowMs: number): FreshKey | Problem {
    const zone = this.#zoneOf(text);
    if (zone instanceof Problem) return zone;
    const locked = this.locked();
    const refused = locked ?? this.#withoutKey();
    if (refused !== undefined) return refused;
    if (privateKey === undefined) {
      return this.#keyring.make(zone, numbers[algorithm ?? this.#algorithmOf(zone)], nowMs);
    }
    const read = this.#keyring.adopt(zone, privateKey, nowMs);
    if (read instanceof Problem || algorithm === undefined || numbers[algorithm] === read.algorithm) return read;
    return new Problem('dnssec_invalid', `The private key is not one of ${algorithm}.`, { pointer: '/algorithm' });
  }

  /** What one node signs and another cannot is bogus to whoever asks that one. */
  #withoutKey(): Problem | undefined {
    const { withoutKey } = this.#fleet;
    if (withoutKey === undefined) {
      return new Problem(
        'signing_refused',
        'Which nodes of the fleet can sign is not known yet; try again in a moment.',
      );
    }
    if (withoutKey.length === 0) return undefined;
    const detail = `Every node of a fleet signs for itself, and the wrapping key of ${withoutKey.join(', ')} is not that of this node, or missing: give all of them the same (dnssec.wrappingKeyFile, or a systemd credential), and restart them.`;
    return new Problem('signing_refused', detail);
  }

  /** A roll keeps the algorithm. */
  #algorithmOf(zone: string): keyof typeof numbers {
    const algorithm = this.#store.signing(zone)?.keys[0]?.algorithm;
    return algorithm === ALGORITHM.ED25519 ? 'ed25519' : 'ecdsap256sha256';
  }

  /** The keys of others, as DNSKEY RDATA in text. */
  foreignKeys(text: string, keys: readonly string[]): ReturnType<typeof publicKeyOf>[] | Problem {
    const zone = canonicalName(text);
    if (zone instanceof Problem) return zone;
    const parsed: ReturnType<typeof publicKeyOf>[] = [];
    for (const [i, key] of keys.entries()) {
      const rdata = parseRdata(TYPE.DNSKEY, key);
      if (rdata instanceof Malformed || rdata.length < SHORTEST_DNSKEY_BYTES) {
        const why = rdata instanceof Malformed ? rdata.reason : 'it has no key';
        const detail = `A key of others is the RDATA of its DNSKEY, 257 3 13 and base64: ${why}.`;
        return new Problem('dnssec_invalid', detail, { pointer: `/foreignKeys/${i}` });
      }
      const wrong = whyNotForeign(rdata);
      if (wrong !== undefined) return new Problem('dnssec_invalid', wrong, { pointer: `/foreignKeys/${i}` });
      parsed.push(publicKeyOf(zone, rdata));
    }
    return parsed;
  }

  /**
   * 409 where keys of others would go that the parent leads to now, or may lead to: it is asked. In a fleet the node that
   * leads asks parents, and this may be another one.
   */
  async refuseLeaving(text: string, wanted: readonly PublicKey[]): Promise<Problem | undefined> {
    const zone = canonicalName(text);
    const signing = zone instanceof Problem ? undefined : this.#store.signing(zone);
    const leaving = signing === undefined ? [] : leavingKeys(signing, wanted);
    const { look } = this.#besides;
    if (signing === undefined || leaving.length === 0 || look === undefined) return undefined;
    return heldByParent(signing.zone, leaving, await look(signing.zone));
  }

  /** Signatures that are made for a file alone would be others than those that are answered later: why there is none now. */
  exportRefusal(text: string): Problem | undefined {
    const zone = canonicalName(text);
    if (zone instanceof Problem || this.#besides.isBehind?.(zone) !== true) return undefined;
    const detail = `${shown(zone)} is being signed, and its file is to have the signatures that are answered: ask again when that is done.`;
    return new Problem('signing_state', detail);
  }

  /** The keys that a zone has among its records: of who signed it elsewhere. */
  ownKeys(text: string): ReturnType<typeof publicKeyOf>[] {
    const zone = canonicalName(text);
    const rdata = zone instanceof Problem ? [] : (this.#store.rrset(zone, zone, TYPE.DNSKEY)?.rdata ?? []);
    return rdata.map((each) => publicKeyOf(zone as string, new Uint8Array(each)));
  }

  /** What a thread needs to write a zone as it is signed. */
  exportKeys(text: string, nowMs: number): ExportKeys | Problem {
    const found = this.#signingOf(text);
    const directory = dirname(this.#store.shared.file);
    if (found instanceof Problem) {
      const zone = canonicalName(text);
      const hasDigest = !(zone instanceof Problem) && this.#store.zone(zone)?.zonemd === true;
      return hasDigest ? { keys: [], nowMs, directory } : found;
    }
    const behind = this.exportRefusal(text);
    if (behind !== undefined) return behind;
    const { zone, keys } = found;
    const opened = keys.map((key) => {
      const privateKey = this.#keyring.privateKey(zone, key);
      return [key.id, privateKey instanceof Problem ? privateKey.detail : privateKey] as const;
    });
    this.#besides.flush?.();
    return { keys: opened, nowMs, directory };
  }

  /** Private keys in the open: for who may do everything. */
  export(text: string): ExportedKey[] | Problem {
    const found = this.#signingOf(text);
    if (found instanceof Problem) return found;
    const { zone, keys } = found;
    const exported: ExportedKey[] = [];
    for (const key of keys) {
      const opened = this.#keyring.privateKey(zone, key);
      if (opened instanceof Problem) return opened;
      exported.push(exportKey(shown(zone), key, opened));
    }
    return exported;
  }

  /** Why keys that are in the store cannot be opened here; undefined: they can. */
  locked(): Problem | undefined {
    for (const { zone, keys } of this.#store.allSignings()) {
      for (const key of keys as SigningKey[]) {
        const opened = this.#keyring.privateKey(zone, key);
        if (opened instanceof Problem) return opened;
      }
    }
    return undefined;
  }

  #zoneOf(text: string): string | Problem {
    const name = canonicalName(text);
    if (name instanceof Problem) return name;
    if (this.#store.zone(name) !== undefined) return name;
    return new Problem('zone_unknown', `There is no zone ${shown(name)} here.`);
  }
}

/** A server of the parent that says nothing may have the DS of any secure entry point (RFC 4034 §2.1.1). */
function heldByParent(
  zone: string,
  leaving: readonly PublicKey[],
  servers: readonly ParentServer[],
): Problem | undefined {
  const name = shown(zone);
  const refuse = (why: string, what: string): Problem =>
    new Problem('ds_present', `${why}: ${what}, then take the key out of ${name}; or force it.`, {
      conflict: name,
      pointer: '/foreignKeys',
    });
  for (const key of leaving) {
    const having = servers.find(({ ds }) => ds !== undefined && mayLeadTo(zone, ds, key));
    if (having === undefined) continue;
    const wait = `wait for as long as caches hold it (${having.ttlSeconds ?? 0} s)`;
    return refuse(`${having.server} has the DS of key ${key.tag}`, `have it taken away at the parent, ${wait}`);
  }
  const entry = leaving.find(({ dnskey }) => ((Buffer.from(dnskey, 'base64')[1] as number) & SEP_BIT) !== 0);
  const silent = servers.find(({ ds }) => ds === undefined);
  if (entry === undefined || (servers.length > 0 && silent === undefined)) return undefined;
  const who = silent === undefined ? 'The nameservers of the parent were not found' : `${silent.server} was not heard`;
  return refuse(`${who}, and may have the DS of key ${entry.tag}`, 'see to it that it has not');
}

const SEP_BIT = 1;

/** RFC 4034 §2.1.1 and §2.1.2: no validator looks at another key. */
function whyNotForeign(rdata: Uint8Array): string | undefined {
  const [high = 0, low = 0, protocol, algorithm] = rdata;
  if ((high & ZONE_KEY_BIT) === 0) return 'A key of others is a zone key: its flags are 256 or 257.';
  if ((low & REVOKED_BIT) !== 0) return 'A key of others that is revoked (RFC 5011 §2.1) signs nothing.';
  if (protocol !== DNSSEC_PROTOCOL) return 'The protocol of a key of others is 3.';
  if (isKey(rdata)) return undefined;
  return `What stands there as the key of others is no public key of algorithm ${algorithm}: validators would pass it over, and what it signs.`;
}

const ZONE_KEY_BIT = 1;
const REVOKED_BIT = 0x80;
const DNSSEC_PROTOCOL = 3;

/** Flags, protocol and algorithm (RFC 4034 §2.1), and a key. */
const SHORTEST_DNSKEY_BYTES = 5;
