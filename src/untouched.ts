/**
 * Whether all that a zone holds is still as somebody saw it, though its content's revision moved: its signing goes on by
 * itself, and each step that secondaries are to come for raises its serial.
 */

/** A revision of the log, as far as it counts here. */
interface Told {
  readonly revision: number;
  readonly kind: string;
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly after: unknown }[];
}

/** So many revisions are looked through, the most of a page: where there are more, somebody decides. */
const TOLD_MAX = 1000;

/** What moves no serial: shifts, releases and what people say of health. */
const PASSING = /^(?:shift|rollback|(?:release|health|proposal)\..+)$/;

/** Where the log tells what happened in a zone since a revision. `zone`: its name as part of a query. */
export function sincePath(zone: string, revision: number): string {
  return `/v1/revisions?zone=${zone}&after=${revision}&limit=${TOLD_MAX}`;
}

/**
 * `told`: what the log has of the zone since the revision at which it was seen, oldest first. `contentRevision`: that which
 * its content has now. False where the log does not tell all of it.
 */
export function isUntouched(zone: string, told: readonly Told[], contentRevision: number): boolean {
  const since = told.filter(({ revision }) => revision <= contentRevision);
  return since.at(-1)?.revision === contentRevision && since.every((each) => isOwnStep(zone, each) || passes(each));
}

/** The last step of an unsigning takes what the zone vouched for along, which are records. */
function isOwnStep(zone: string, { kind, subjects }: Told): boolean {
  return (
    kind === 'dnssec.step' &&
    subjects.every((each) => each.kind === 'dnssec' && each.name === zone && each.after !== null)
  );
}

function passes({ kind }: Told): boolean {
  return PASSING.test(kind);
}
