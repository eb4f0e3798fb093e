/** Drafts of a signing by Teal in the place of the signatures that a zone brought: in one revision, so that it is never without any. */
import type { PublicKey, ZoneSigning } from '../../model/dnssec/signing.ts';
import { Problem } from '../../model/errors.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import { readSignature } from '../../wire/dnssec/rrsig.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import type { SignInstead } from '../commands/dnssec.ts';
import { signingReply } from '../replies/dnssec.ts';
import { foreignFault, refuseLong, signingBody } from './dnssec.ts';
import { type Drafted, isDraft } from './draft.ts';
import { isKept, refuseUndelegated } from './signed-guard.ts';
import { draftZoneImport } from './zone-import.ts';
import { unknownZone } from './zones.ts';

/** RFC 4034 §2.1.1, in the second octet of the flags. */
const SEP = 1;

/** What was built of the zone without its signatures becomes the zone, signed. */
export function draftReplacement(
  store: Store,
  { sign, ...command }: Extract<Command, { kind: 'zone.import' }> & { readonly sign: SignInstead },
  context: CommandContext,
  revision: number,
): Drafted {
  const { zone: name, signatures: _resigned, ...rest } = command;
  const zone = store.zone(name);
  if (zone === undefined) return unknownZone(name);
  if (zone.revision !== command.baseRevision) {
    return new Problem('revision_stale', `The zone ${shown(name)} was changed while it was signed; say it again.`);
  }
  const signing = signingInstead(store, zone, sign, context.atMs, revision);
  if (signing instanceof Problem) return signing;
  // What the parent's DS leads to was looked at.
  const draft = draftZoneImport(store, { ...rest, zone: name, force: true }, context, revision);
  if (draft instanceof Problem || !isDraft(draft)) return draft;
  const subject = { kind: 'dnssec', name, before: null, after: signingBody(signing) } as const;
  return {
    ...draft,
    kind: 'dnssec.sign',
    summary: `began to sign the zone ${shown(name)} in the place of its own signatures`,
    subjects: [...draft.subjects, subject],
    // First, so that what is imported is found to be signed so.
    changes: [{ op: 'putSigning', signing }, ...draft.changes],
    body: signingReply(signing),
  };
}

/**
 * How a zone is signed from then on. With a key that the zone has already, whose DS the parent has: the chain holds, and
 * the other keys stay in the DNSKEY RRset for what caches hold of their signatures. With another one: validators must have
 * forgotten the DS before.
 */
export function signingInstead(
  store: Store,
  zone: Zone,
  { body, key, how, keys }: SignInstead,
  nowMs: number,
  revision: number,
): ZoneSigning | Problem {
  const name = shown(zone.name);
  if (!isKept(store, zone.name)) {
    const detail = `${name} is not served with signatures of its own, so that none can be replaced: say it without replaceSignatures.`;
    return new Problem('signing_state', detail, { pointer: '/replaceSignatures' });
  }
  const isChained = how === 'chain';
  const refused = isChained ? refuseChain(store, zone, key, keys) : undefined;
  if (refused !== undefined) return refused;
  const others = isChained ? keys.filter(({ dnskey }) => dnskey !== key.dnskey) : [];
  const given = (body.foreign ?? []).filter(({ dnskey }) => !others.some((each) => each.dnskey === dnskey));
  const said = { ...body, foreign: [...others, ...given] };
  const wrong = refuseLong(zone, said) ?? foreignFault(zone, said, [key]) ?? refuseUndelegated(store, zone);
  if (wrong !== undefined) return wrong;
  const own = store.rrset(zone.name, zone.name, TYPE.DNSKEY);
  const isHashed = store.rrset(zone.name, zone.name, TYPE.NSEC3PARAM) !== undefined;
  return {
    zone: zone.name,
    denial: body.denial ?? (isHashed ? 'nsec3' : 'nsec'),
    zonemd: false,
    keys: [{ ...key, role: 'active' }],
    foreign: said.foreign,
    // The parent has its DS: what is waited for is what caches hold of others' signatures.
    stage: isChained ? 'replacing' : 'signing',
    sinceMs: nowMs,
    dnskeyTtlSeconds: body.dnskeyTtlSeconds ?? own?.ttlSeconds ?? 0,
    maxTtlSeconds: store.maxTtlOf(zone.name),
    dsTtlSeconds: 0,
    revision,
  };
}

/** Why a chain would break at the key: the parent may have a DS that does not lead to it. */
function refuseChain(store: Store, zone: Zone, key: PublicKey, keys: readonly PublicKey[]): Problem | undefined {
  const name = shown(zone.name);
  const found = keys.find(({ dnskey }) => dnskey === key.dnskey);
  if (found === undefined) {
    const tags = keys.map(({ tag }) => tag).join(', ');
    const detail = `The parent of ${name} has a DS that leads to a key of who signed it (${tags}), and key ${key.tag} is none of them: validators would refuse the zone. Give the private key of the one that the DS is of; or have the DS taken away at the parent, wait for as long as caches hold it (its TTL), and say replaceSignatures: insecure.`;
    return new Problem('ds_present', detail, { conflict: name, pointer: '/privateKey' });
  }
  const signatures = store.rrset(zone.name, zone.name, TYPE.RRSIG)?.rdata.map(readSignature) ?? [];
  const isSigning = ({ tag, algorithm }: PublicKey): boolean =>
    signatures.some((each) => each.typeCovered === TYPE.DNSKEY && each.keyTag === tag && each.algorithm === algorithm);
  const entries = keys.filter((each) => isSep(each) && isSigning(each));
  if (entries.length === 1 && entries[0] === found) return undefined;
  const tags = entries.map(({ tag }) => tag).join(', ');
  const detail = `The DS at the parent of ${name} leads to the key that signs its keys (${tags || 'none was found'}), and it is not known to lead to key ${key.tag}: have whoever signs the zone leave that one alone as its secure entry point, and import it again; or let the DS go first (replaceSignatures: insecure).`;
  return new Problem('ds_present', detail, { conflict: name, pointer: '/privateKey' });
}

function isSep({ dnskey }: PublicKey): boolean {
  return ((Buffer.from(dnskey, 'base64')[1] as number) & SEP) !== 0;
}
