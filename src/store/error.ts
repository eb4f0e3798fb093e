/** What is wrong with a data directory, a database or a copy of one. */

/** It cannot be used; the message is one line for the operator. */
export class StoreError extends Error {}

/** Another process has it. */
export class DirectoryInUse extends StoreError {}
