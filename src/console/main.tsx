/** The console: a page that shows and moves what a Teal server answers, through its admin API only. */
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/parts.css';
import './style/pools.css';
import './style/pages.css';
import './style/home.css';
import './style/shape.css';
import { render } from 'preact';
import { watchActs } from './api/credentials.ts';
import { App } from './app.tsx';
import { listenToKeys } from './state/keys.ts';
import { keepPlaces } from './state/place.ts';
import { lookForPerson } from './state/session.ts';
import { showTheme } from './state/theme.ts';

showTheme();
keepPlaces();
listenToKeys();
watchActs();
void lookForPerson();
render(<App />, document.getElementById('console') as HTMLElement);
