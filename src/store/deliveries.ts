/** The queue of webhooks: what is still to be delivered, and what could not be. It is this server's, not part of the log. */
import type { Database } from 'better-sqlite3';
import type { Problem } from '../model/errors.ts';
import type { Read } from './condition.ts';

export interface NewDelivery {
  /** The same for every attempt: by it a receiver knows what it had already. */
  readonly id: string;
  readonly webhook: string;
  readonly trigger: string;
  /** The id of the event. */
  readonly event: string;
  readonly body: string;
  readonly createdAtMs: number;
}

export interface Delivery extends NewDelivery {
  /** Its place in the queue. */
  readonly position: number;
  readonly state: 'pending' | 'dead';
  readonly attempts: number;
  /** Unix time, milliseconds. */
  readonly dueAtMs: number;
  /** Why the last attempt failed; null: there was none. */
  readonly error: string | null;
}

/** What one webhook may have waiting; more is dead at once, since its receiver has not answered for long. */
export const PENDING_MAX = 1000;
/** What is kept of the dead; the oldest go. */
export const DEAD_MAX = 1000;

type Write = (work: () => void) => Problem | undefined;

export class Deliveries {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #write: Write;
  readonly #read: Read;

  constructor(database: Database, write: Write, read: Read) {
    this.#statements = prepare(database);
    this.#write = write;
    this.#read = read;
  }

  /** The id of the last event that was looked at; undefined: none was kept. */
  get cursor(): string | undefined {
    return this.#read('cursor', () => (this.#statements.cursor.get() as { event: string } | undefined)?.event);
  }

  /** Brings deliveries into the queue, those that are there already apart, and with them how far the events were looked at. */
  add(deliveries: readonly NewDelivery[], cursor: string): Problem | undefined {
    return this.#write(() => {
      for (const { id, webhook, trigger, event, body, createdAtMs } of deliveries) {
        const isFull = this.count(webhook, 'pending') >= PENDING_MAX;
        const [state, error] = isFull ? ['dead', `${PENDING_MAX} others were waiting already`] : ['pending', null];
        this.#statements.add.run(id, webhook, trigger, event, body, createdAtMs, state, createdAtMs, error);
        if (isFull) this.#statements.forget.run(webhook, webhook, DEAD_MAX);
      }
      this.#statements.moveCursor.run(cursor);
    });
  }

  count(webhook: string, state: Delivery['state']): number {
    return this.#read(
      'deliveries.count',
      () => (this.#statements.count.get(webhook, state) as { count: number }).count,
    );
  }

  /** The delivery of a webhook that is due first, or will be. */
  next(webhook: string): Delivery | undefined {
    return this.#read('deliveries.next', () => this.#statements.next.get(webhook) as Delivery | undefined);
  }

  /** The first delivery of a webhook that waits for nothing: it was not tried yet. */
  untried(webhook: string): Delivery | undefined {
    return this.#read('deliveries.untried', () => this.#statements.untried.get(webhook) as Delivery | undefined);
  }

  find(webhook: string, id: string): Delivery | undefined {
    return this.#read('deliveries.find', () => this.#statements.find.get(webhook, id) as Delivery | undefined);
  }

  /** In the order in which they came, after a position. */
  list(webhook: string, state: Delivery['state'] | undefined, after: number, limit: number): Delivery[] {
    return this.#read(
      'deliveries.list',
      () => this.#statements.list.all(webhook, state ?? null, state ?? null, after, limit) as Delivery[],
    );
  }

  remove(id: string): Problem | undefined {
    return this.#write(() => this.#statements.remove.run(id));
  }

  /** What an attempt has come to, or a person has said. */
  update({ id, webhook, state, attempts, dueAtMs, error }: Delivery): Problem | undefined {
    return this.#write(() => {
      this.#statements.update.run(state, attempts, dueAtMs, error, id);
      if (state === 'dead') this.#statements.forget.run(webhook, webhook, DEAD_MAX);
    });
  }
}

const COLUMNS = `position, id, webhook, trigger, event, body, created_at_ms AS createdAtMs, state, attempts,
  due_at_ms AS dueAtMs, error`;

function prepare(database: Database) {
  const sql = (text: string) => database.prepare<unknown[]>(text);
  return {
    cursor: sql('SELECT event FROM delivery_cursor'),
    moveCursor: sql('INSERT INTO delivery_cursor VALUES (1, ?) ON CONFLICT DO UPDATE SET event = excluded.event'),
    add: sql(`INSERT INTO deliveries (id, webhook, trigger, event, body, created_at_ms, state, due_at_ms, error, attempts)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO NOTHING`),
    count: sql('SELECT count(*) AS count FROM deliveries WHERE webhook = ? AND state = ?'),
    next: sql(`SELECT ${COLUMNS} FROM deliveries WHERE webhook = ? AND state = 'pending'
      ORDER BY due_at_ms, position LIMIT 1`),
    untried: sql(`SELECT ${COLUMNS} FROM deliveries WHERE webhook = ? AND state = 'pending' AND attempts = 0
      ORDER BY position LIMIT 1`),
    find: sql(`SELECT ${COLUMNS} FROM deliveries WHERE webhook = ? AND id = ?`),
    list: sql(`SELECT ${COLUMNS} FROM deliveries WHERE webhook = ? AND (? IS NULL OR state = ?) AND position > ?
      ORDER BY position LIMIT +?`),
    remove: sql('DELETE FROM deliveries WHERE id = ?'),
    update: sql('UPDATE deliveries SET state = ?, attempts = ?, due_at_ms = ?, error = ? WHERE id = ?'),
    forget: sql(`DELETE FROM deliveries WHERE webhook = ? AND state = 'dead' AND position <= (SELECT position
      FROM deliveries WHERE webhook = ? AND state = 'dead' ORDER BY position DESC LIMIT 1 OFFSET ?)`),
  };
}
