/** How to stop what was started. */

/** The last that was started stops first. */
export type Stops = (() => void | Promise<void>)[];
