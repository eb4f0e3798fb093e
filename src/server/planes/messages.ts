/** What the processes of a server say to each other beside the memory that they share: words of JSON, by Node's channel. */
import type { SettingsFile } from '../../config/sources.ts';
import type { Settings } from '../../config.ts';
import type { Endpoint } from '../../sockets/address.ts';
import type { InheritedEndpoint } from '../../sockets/inherited.ts';
import type { SocketState } from '../../sockets/listen-addresses.ts';
import type { KeptFiles } from '../named-files.ts';

/**
 * What a process finds its settings by. One of another version reads them again by its own schema: after an upgrade it may
 * know more of them.
 */
export interface SettingsSources {
  /** As the one that watches reads them, which has this version; all that is in force. */
  readonly settings: Settings;
  readonly version: string;
  readonly file: SettingsFile | undefined;
  readonly flags: Readonly<Record<string, string>>;
  /** The file as it was when settings were last read again: of that only what needs no restart is in force. */
  readonly reloaded: Reread | undefined;
  /** People read the log, at a terminal. */
  readonly isTerminal: boolean;
}

/** A file that was read again; there may be none. */
export interface Reread {
  readonly file: SettingsFile | undefined;
}

/** The first word to a data process. */
export interface DataStart {
  readonly kind: 'start';
  readonly sources: SettingsSources;
  /** UDP workers: as many as the sockets and the memory were made for. */
  readonly workers: number;
  /** See PLACES of table/layout.ts. */
  readonly place: number;
  readonly memory: number;
  readonly dns: readonly InheritedEndpoint[];
  /** One for all data processes of a server, so that clients need not learn a new one. */
  readonly cookieSecret: string;
  /** Where to write to as long as all workers go on, and how often. */
  readonly watchdog: { readonly fd: number; readonly periodMs: number } | undefined;
}

/** The first word to a control process. */
export interface ControlStart {
  readonly kind: 'start';
  readonly sources: SettingsSources;
  readonly workers: number;
  /** The memory of the table that is answered from; an empty file at the first start. */
  readonly memory: number;
  /** An empty file: where the table is built anew if it cannot be taken over. */
  readonly spare: number;
  readonly admin: { readonly fd: number; readonly endpoint: Endpoint };
  /** As the one before has left them; left out: it has left none, or there was none. */
  readonly kept?: KeptFiles;
}

export type Which = 'memory' | 'spare';

export type ToData =
  | DataStart
  /** The table holds what the store holds: answer. */
  | { readonly kind: 'serve' }
  /** Tell how it stands, now. */
  | { readonly kind: 'tell' }
  /** The process at this place has ended, and nobody reads there. */
  | { readonly kind: 'alone'; readonly place: number }
  | ({ readonly kind: 'reload' } & Reread)
  | { readonly kind: 'stop' };

export type FromData =
  | { readonly kind: 'ready'; readonly state: DataState }
  | { readonly kind: 'state'; readonly state: DataState }
  | { readonly kind: 'cleared' }
  /** The memory is laid out by another version than the one that is installed now. */
  | { readonly kind: 'unlike' };

export type ToControl =
  | ControlStart
  /** All who answer do so from the memory that was loaded. */
  | { readonly kind: 'answering' }
  | { readonly kind: 'state'; readonly state: OutsideState }
  /** `nth`: which reload it is, for the word that comes back. */
  | ({ readonly kind: 'reload'; readonly nth: number } & Reread)
  | { readonly kind: 'stop' };

export type FromControl =
  | { readonly kind: 'loaded'; readonly which: Which }
  | { readonly kind: 'ready'; readonly admin: string }
  /** `isInForce`: else they were refused, and the log says why. One of an earlier version says neither. */
  | { readonly kind: 'reloaded'; readonly nth?: number; readonly isInForce?: boolean }
  /** What was in the files that the settings name, for the next one. */
  | { readonly kind: 'kept'; readonly kept: KeptFiles }
  /** The event loop turns. */
  | { readonly kind: 'beat' }
  /** How does it stand with the others, now? */
  | { readonly kind: 'ask' };

/** How it stands with a data process. */
export interface DataState {
  readonly endpoints: readonly Endpoint[];
  readonly transport: string;
  readonly missing: readonly number[];
  readonly alive: number;
  readonly replacements: { readonly died: number; readonly stuck: number };
  readonly sockets: readonly SocketState[];
  readonly privateBytes: number | undefined;
  readonly log: LogState;
}

export interface LogState {
  readonly dropped: number;
  readonly failure: string | undefined;
}

/** What a control process cannot see by itself. */
export interface OutsideState {
  /** Undefined: no data process tells. */
  readonly data: DataState | undefined;
  /** How often one told: the same number is the same word as before. One of an earlier version does not count. */
  readonly heard?: number;
  /** How often each process was started again. */
  readonly restarts: { readonly control: number; readonly data: number };
  /** Of the process that watches both. */
  readonly privateBytes: number | undefined;
  /** The log of those who write to it beside the control process. */
  readonly log: LogState;
}
