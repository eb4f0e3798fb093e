/** What is wrong or doubtful in a zone file, and where: for people to read and for scripts to match by code. */
import type { Malformed } from '../malformed.ts';

/**
 * Codes of errors in the text itself; checks of a whole zone have codes of their own. They are part of the API
 * contract: add freely, never rename.
 */
type SyntaxCode =
  | 'syntax_invalid'
  | 'name_invalid'
  | 'owner_missing'
  | 'ttl_invalid'
  | 'ttl_missing'
  | 'class_unsupported'
  | 'type_unknown'
  | 'rdata_invalid'
  | 'directive_invalid'
  | 'include_refused'
  | 'generate_invalid';

/** Codes of what is doubtful in the text, and no mistake. */
export type DoubtCode = 'record_of_message' | 'quotes_typographic';

/** A mistake in the text, with its code. */
export class Fault {
  readonly code: SyntaxCode;
  readonly malformed: Malformed;

  constructor(code: SyntaxCode, malformed: Malformed) {
    this.code = code;
    this.malformed = malformed;
  }
}

/** A record that is no part of a zone and is left out, and why. */
export class LeftOut {
  readonly malformed: Malformed;

  constructor(malformed: Malformed) {
    this.malformed = malformed;
  }
}

export interface Finding<Code extends string = string> {
  readonly severity: 'error' | 'warning';
  readonly code: Code;
  /** The included file, empty for the file that was given. */
  readonly file: string;
  /** Lines and columns count from 1, columns in characters; both are 0 where the whole zone is meant. */
  readonly line: number;
  readonly column: number;
  /** What was expected and what was found. */
  readonly message: string;
}

/** Enough to see what is wrong with a file; a file of another format would give one a line. */
export const FINDINGS_MAX = 20;

/** Collects errors and warnings, each up to the limit; the rest is counted. */
export class Findings {
  readonly errors: Finding[] = [];
  readonly warnings: Finding[] = [];
  moreErrors = 0;
  moreWarnings = 0;

  /** True where reading on cannot tell anybody more. */
  get full(): boolean {
    return this.errors.length === FINDINGS_MAX;
  }

  add(finding: Finding): void {
    if (finding.severity === 'error') {
      if (this.errors.length < FINDINGS_MAX) this.errors.push(finding);
      else this.moreErrors += 1;
    } else if (this.warnings.length < FINDINGS_MAX) {
      this.warnings.push(finding);
    } else {
      this.moreWarnings += 1;
    }
  }
}
