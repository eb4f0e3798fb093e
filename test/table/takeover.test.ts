/** What is built aside and signed, while names that it knows come to nothing: nothing of them stays in the order of its names. */
import t from 'tap';
import type { TableChange } from '../../src/table/changes.ts';
import { NO_SIGNERS } from '../../src/table/rrset-signer.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import { readMessage } from '../fixtures/dnssec/message.ts';
import { TestSigner } from '../fixtures/dnssec/signer.ts';
import { whyBogus } from '../fixtures/dnssec/validator.ts';
import { apply, askBytes, collectAll, makeTable, rrset, service, zone } from '../fixtures/table.ts';
import { Aside, type Content } from '../responder/built-aside.ts';

const parameters = { type: TYPE.NSEC3PARAM, ttlSeconds: 0, rdata: [Uint8Array.of(1, 0, 0, 0, 0)] };
const signer = new TestSigner(['test']);

/** How the zone is signed. */
type Form = 'nsec' | 'nsec3' | 'none';

class World {
  readonly made = makeTable();
  readonly #content: Content = { zone: zoneOf(), rrsets: new Map(), services: new Map() };
  readonly #emptyBytes: number;
  form: Form;

  constructor(form: Form) {
    this.form = form;
    const { table } = this.made;
    const mark: Record<Form, string> = { nsec: 'plain', nsec3: 'hashed', none: '' };
    table.signWith({
      ...NO_SIGNERS,
      of: (zone) => (zone === 'test' && this.form !== 'none' ? signer : undefined),
      isHashed: () => this.form === 'nsec3',
      markOf: () => mark[this.form],
      apexOf: () => (this.form === 'nsec3' ? [parameters] : []),
      set: () => ({ isAnew: true, undo: () => {} }),
    });
    // The index of zones takes the size that it then keeps.
    apply(table, zone('test'), zone('c.test'));
    apply(table, { op: 'deleteZone', zone: 'test' }, { op: 'deleteZone', zone: 'c.test' });
    collectAll(table);
    this.#emptyBytes = table.memory.usedBytes;
    const { rrset: host } = rrset('test', 'm.test', 'A', 300, '192.0.2.1');
    this.#content.rrsets.set('m.test A', host);
    apply(table, zone('test'), rrset('test', 'm.test', 'A', 300, '192.0.2.1'));
  }

  signBy(form: Form): void {
    if (this.form === form) return;
    this.form = form;
    // A zone that goes on to be signed sees by itself that it is to be proved in another way.
    this.change(zone('test', { serial: 2 }));
    if (form === 'none') this.change({ op: 'deleteSigning', zone: 'test' });
  }

  change(...changes: TableChange[]): void {
    apply(this.made.table, ...changes);
  }

  /** Builds the zone aside as it is, signed as it is. */
  build(): Aside {
    return new Aside(this.made, this.#content, this.form === 'none' ? undefined : signer, this.form === 'nsec3');
  }

  /** All workers have seen all changes. */
  collect(): void {
    collectAll(this.made.table);
  }

  catchUp(aside: Aside): void {
    aside.catchUp(this.#content, 0);
  }

  swap(aside: Aside): void {
    aside.swap(this.#content);
  }

  /** Why a validator would not take what is answered; undefined: it would take all. */
  get whyBogus(): string | undefined {
    const { responder } = this.made;
    const trust = {
      zones: new Map([['test', signer.key]]),
      isInsecure: () => this.form === 'none',
    };
    for (const name of [
      'a.test',
      'blue.s.test',
      's.test',
      'n.s.test',
      'c.test',
      's.c.test',
      'm.test',
      'z.test',
      'test',
    ])
      for (const type of [TYPE.A, TYPE.TXT, TYPE.DS]) {
        const query = buildQuery({ name, type, edns: { do: true } });
        const message = readMessage(askBytes(responder, query, false) as Buffer);
        const why = whyBogus(message, name.split('.'), type, trust);
        if (why !== undefined) return `${name} ${type}: ${why}`;
      }
    return undefined;
  }

  /** Bytes that are left over when all is gone. */
  end(): number {
    apply(this.made.table, { op: 'deleteZone', zone: 'test' });
    this.collect();
    return this.made.table.memory.usedBytes - this.#emptyBytes;
  }
}

function zoneOf() {
  const put = zone('test') as Extract<TableChange, { op: 'putZone' }>;
  return put.zone;
}

const pools = (): Parameters<typeof service>[2] => ({ blue: [1, '192.0.2.10'], green: [0, '192.0.2.20'] });

/** How names come to nothing. */
const ends: Readonly<Record<string, { readonly before: TableChange; readonly changes: readonly TableChange[] }>> = {
  'a service goes': {
    before: service('test', 's.test', pools()),
    changes: [{ op: 'deleteService', zone: 'test', name: 's.test' }],
  },
  'previews go': {
    before: service('test', 's.test', pools()),
    changes: [service('test', 's.test', pools(), { previewNames: false })],
  },
  'a child comes and takes a service over': {
    before: service('test', 's.c.test', pools()),
    changes: [zone('c.test'), service('c.test', 's.c.test', pools())],
  },
};
const forms: readonly (readonly [Form, Form])[] = [
  ['nsec', 'nsec'],
  ['nsec3', 'nsec3'],
  ['nsec', 'nsec3'],
  ['nsec3', 'nsec'],
  ['nsec', 'none'],
  ['nsec3', 'none'],
];

for (const [what, { before, changes }] of Object.entries(ends)) {
  for (const [from, to] of forms) {
    for (const end of ['swapped in', 'discarded']) {
      t.test(`${what} while a zone that proves by ${from} is built aside; now it does by ${to}; ${end}`, async (t) => {
        const world = new World(from);
        world.change(before);
        const aside = world.build();
        world.signBy(to);
        world.change(...changes);
        aside.link();
        world.collect();
        world.catchUp(aside);
        world.collect();
        if (end === 'discarded') aside.discard();
        else world.swap(aside);
        world.collect();
        // What it hid is asked for.
        if (changes.length > 1) world.change({ op: 'deleteZone', zone: 'c.test' });
        world.collect();
        t.equal(world.whyBogus, undefined);
        t.equal(world.end(), 0, 'bytes that are left over');
      });
    }
  }
}
