/** What people have agreed on about changes to come, as it is read: freezes, and changes that were proposed. */
import { Problem } from '../model/errors.ts';
import { concerns, type Freeze } from '../model/freeze.ts';
import { isOpen, type Proposed } from '../model/proposed.ts';
import type { Store } from '../store/sqlite.ts';
import { unknownFreeze } from './drafts/freezes.ts';
import { findProposal, unknownProposal } from './drafts/proposals.ts';
import { findService, unknownService } from './drafts/services.ts';
import type { Grant } from './grant.ts';
import { type Listing, walk } from './listing.ts';

/** Those that are so; `open`: that may still be carried out. */
type AskedState = Proposed['state'] | 'open';

export class Agreement {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  proposed(id: string, grant: Grant): Proposed | Problem {
    const found = findProposal(this.#store, id);
    return found instanceof Problem || grant.proposal(found) ? found : unknownProposal(id);
  }

  /** Changes that were proposed, in number order, after an id. */
  proposals(after: number, grant: Grant, state: AskedState | undefined): Listing<Proposed> {
    const isMeant = (each: Proposed) => state === undefined || (state === 'open' ? isOpen(each) : each.state === state);
    return {
      found:
        state === undefined || state === 'done' || state === 'ended'
          ? walk<Proposed>((last) => this.#store.proposals(last === undefined ? after : Number(last.id), 1))
          : this.#store.openProposals().filter(({ id }) => Number(id) > after),
      within: (each) => (isMeant(each) && grant.proposal(each) ? each : undefined),
      key: ({ id }) => id,
    };
  }

  freeze(name: string, grant: Grant): Freeze | Problem {
    const freeze = this.#store.freeze(name);
    return freeze !== undefined && grant.freeze(freeze) ? freeze : unknownFreeze(name);
  }

  /** In name order, after a name; of a service, whose name is as typed by a user, or of all. */
  freezes(after: string, grant: Grant, of: string | undefined): Listing<Freeze> | Problem {
    const service = of === undefined ? undefined : findService(this.#store, of);
    if (service instanceof Problem) return service;
    if (service !== undefined && !grant.service(service.name)) return unknownService(service.name);
    const found = this.#store
      .freezes()
      .filter((freeze) => freeze.name > after && (service === undefined || concerns(freeze, service)));
    return { found, within: (freeze) => (grant.freeze(freeze) ? freeze : undefined), key: ({ name }) => name };
  }
}
