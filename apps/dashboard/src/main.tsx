/** Starts the app: theme, session, stream, and the page that the address names. */
import './styles/base.css';
import './styles/parts.css';
import './styles/pages.css';
import './styles/narrow.css';
import 'uplot/dist/uPlot.min.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { onSignedOut } from './api/client.ts';
import { App } from './app.tsx';
import { LiveConnection } from './live/live-connection.ts';
import { StreamWatch } from './live/stream-watch.ts';
import { liveStore } from './live/use-live.ts';
import { drafts } from './state/drafts.ts';
import { loadSession, sessionStore } from './state/session.ts';
import { startTheme } from './state/theme.ts';

startTheme();
onSignedOut(sessionStore.signedOut);

const connection = new LiveConnection({ store: liveStore, onSignedOut: sessionStore.signedOut });
const watch = new StreamWatch(connection, { isSeen: !document.hidden });
sessionStore.subscribe(() => watch.signedIn(sessionStore.get().kind === 'signed-in'));
document.addEventListener('visibilitychange', () => watch.seen(!document.hidden));
window.setInterval(() => liveStore.sample(Date.now()), 1_000);
sessionStore.subscribe(() => {
  const state = sessionStore.get();
  if (state.kind === 'signed-in') drafts.signedIn(state.session.user);
});
// Only then does a browser ask whether the page may be left.
window.addEventListener('beforeunload', (event) => {
  if (drafts.hasAny) event.preventDefault();
});
void loadSession();

const root = document.getElementById('root');
if (!root) throw new Error('the page has no place for the app');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
