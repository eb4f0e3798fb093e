/** The page that belongs to the address, inside the frame; or the sign-in. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ImportPage } from './pages/import.tsx';
import { LogPage } from './pages/log.tsx';
import { ServicePage } from './pages/service.tsx';
import { ServicesPage } from './pages/services.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { TokensPage } from './pages/tokens.tsx';
import { ZonePage } from './pages/zone.tsx';
import { ZonesPage } from './pages/zones.tsx';
import { Empty } from './parts/controls.tsx';
import { Notes, Shell } from './parts/shell.tsx';
import { follow } from './state/live.ts';
import { hrefOf, type Place, placeOf } from './state/router.ts';
import { token } from './state/session.ts';

const place = signal<Place>(placeOf(location.hash));
addEventListener('hashchange', () => {
  place.value = placeOf(location.hash);
  scrollTo(0, 0);
});

export function App() {
  const secret = token.value;
  useEffect(() => {
    if (secret !== undefined) void follow(secret);
  }, [secret]);
  return (
    <>
      {secret === undefined ? (
        <SignIn />
      ) : (
        <Shell place={place.value}>
          <CurrentPage place={place.value} />
        </Shell>
      )}
      <Notes />
    </>
  );
}

/** Keyed by name: another service is another page, with nothing left of the one before. */
function CurrentPage({ place }: { place: Place }) {
  switch (place.page) {
    case 'services':
      return <ServicesPage />;
    case 'service':
      return <ServicePage key={place.name} name={place.name} />;
    case 'zones':
      return <ZonesPage />;
    case 'zone':
      return <ZonePage key={place.name} name={place.name} />;
    case 'import':
      return <ImportPage key={place.name} name={place.name} />;
    case 'log':
      return <LogPage />;
    case 'tokens':
      return <TokensPage />;
    case 'unknown':
      return (
        <Empty title="There is no such page">
          <a href={hrefOf({ page: 'services' })}>To the services</a>
        </Empty>
      );
  }
}
