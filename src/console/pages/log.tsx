/** Everything that was changed, by whom and when, the newest first. */
import { useState } from 'preact/hooks';
import type { Page, Revision } from '../../contract/types.ts';
import { Empty, Loaded, PageHead } from '../parts/controls.tsx';
import { History } from '../parts/history.tsx';
import { SetAgain } from '../parts/set-again.tsx';
import { useResource } from '../state/resource.ts';

const PAGE = 50;
const PAGE_MAX = 1000;

export function LogPage() {
  const [limit, setLimit] = useState(PAGE);
  const log = useResource<Page<Revision>>(`/v1/revisions?order=newest&limit=${limit}`, {
    on: ({ kind }) => kind === 'revision',
  });
  return (
    <>
      <PageHead title="Log" facts={<span>Every change is a revision; none is ever rewritten.</span>} />
      <div class="card">
        <Loaded of={log} lines={6}>
          {({ items, next }) =>
            items.length === 0 ? (
              <Empty title="Nothing was changed yet" />
            ) : (
              <>
                <History items={items} undo={(revision) => <SetAgain revision={revision} />} />
                {next !== undefined && limit < PAGE_MAX && (
                  <button type="button" onClick={() => setLimit(Math.min(PAGE_MAX, limit * 2))}>
                    Show more
                  </button>
                )}
              </>
            )
          }
        </Loaded>
      </div>
    </>
  );
}
