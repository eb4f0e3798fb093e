/** The page that belongs to the address, inside the frame; or the sign-in. */
import { useEffect } from 'preact/hooks';
import { FleetPage } from './pages/fleet.tsx';
import { FreezesPage } from './pages/freezes.tsx';
import { ImportPage } from './pages/import.tsx';
import { LogPage } from './pages/log.tsx';
import { ServicePage } from './pages/service.tsx';
import { ServicesPage } from './pages/services.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { TokensPage } from './pages/tokens.tsx';
import { WebhooksPage } from './pages/webhooks.tsx';
import { ZonePage } from './pages/zone.tsx';
import { ZonesPage } from './pages/zones.tsx';
import { Empty } from './parts/controls.tsx';
import { Overlays } from './parts/palette.tsx';
import { Notes, Shell } from './parts/shell.tsx';
import { followFleet } from './state/fleet.ts';
import { follow } from './state/live.ts';
import { route } from './state/place.ts';
import { hrefOf, type Route } from './state/router.ts';
import { followSelf } from './state/self.ts';
import { token } from './state/session.ts';

export function App() {
  const secret = token.value;
  useEffect(() => {
    if (secret === undefined) return;
    void follow(secret);
    const ends = [followSelf(), followFleet()];
    return () => {
      for (const end of ends) end();
    };
  }, [secret]);
  return (
    <>
      {secret === undefined ? (
        <SignIn />
      ) : (
        <Shell route={route.value}>
          <CurrentPage route={route.value} />
          <Overlays />
        </Shell>
      )}
      <Notes />
    </>
  );
}

/** Keyed by name: another service is another page, with nothing left of the one before. */
function CurrentPage({ route }: { route: Route }) {
  switch (route.page) {
    case 'services':
      return <ServicesPage query={route.query ?? ''} />;
    case 'service':
      return <ServicePage key={route.name} name={route.name} />;
    case 'zones':
      return <ZonesPage />;
    case 'zone':
      return <ZonePage key={route.name} name={route.name} />;
    case 'import':
      return <ImportPage key={route.name} name={route.name} />;
    case 'log':
      return <LogPage query={route.query ?? ''} />;
    case 'freezes':
      return <FreezesPage />;
    case 'webhooks':
      return <WebhooksPage />;
    case 'tokens':
      return <TokensPage />;
    case 'fleet':
      return <FleetPage />;
    case 'unknown':
      return (
        <Empty title="There is no such page">
          <a href={hrefOf({ page: 'services' })}>To the services</a>
        </Empty>
      );
  }
}
