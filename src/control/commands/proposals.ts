/** The commands that decide on what was proposed. */

export type ProposalCommand =
  /** `revision`: of the proposal as it was looked at. */
  | { readonly kind: 'proposal.approve'; readonly id: string; readonly revision?: number }
  | { readonly kind: 'proposal.cancel'; readonly id: string }
  /** Its time has come, or what it was for has changed; the runner's command, which names the revision that waited. */
  | { readonly kind: 'proposal.due'; readonly id: string; readonly revision: number };

/** When something is to be done, as a user says it. */
interface ScheduleBody {
  readonly at: string;
  readonly timeZone?: string;
}

/** Of what moves traffic: when it is to be done, and what whoever asks for it has looked at. */
export interface Moment {
  /** Left out: now. */
  readonly schedule?: ScheduleBody;
  /** Revisions by service, as typed by a user: of another one it is not meant. */
  readonly seen?: Readonly<Record<string, number>>;
}
