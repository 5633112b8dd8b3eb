/** The frame around all pages, and which page is shown. */
import { useEffect, useState } from 'react';
import { useLive } from './live/use-live.ts';
import { ConnectorPage } from './pages/connector/connector.tsx';
import { Connectors } from './pages/connectors.tsx';
import { Create } from './pages/create/create.tsx';
import { Events } from './pages/events.tsx';
import { Overview } from './pages/overview.tsx';
import { Placement } from './pages/placement.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { TaskPanel } from './pages/task-panel.tsx';
import { Tasks } from './pages/tasks.tsx';
import { Workers } from './pages/workers.tsx';
import { type Page, parsePath } from './paths.ts';
import { Link, navigate, usePlace } from './router.tsx';
import { loadSession, useSession } from './state/session.ts';
import { nextTheme } from './state/theme.ts';
import { Button } from './ui/button.tsx';
import { Empty } from './ui/empty.tsx';
import { Help } from './ui/help.tsx';
import { focusSearch, goKeys, type KeyMap, useKeys } from './ui/keys.ts';
import { Notices, QuestionDialog } from './ui/notices.tsx';
import { Sidebar } from './ui/sidebar.tsx';
import { StreamBanner } from './ui/stream-banner.tsx';

const goes: KeyMap = Object.fromEntries(
  Object.entries(goKeys).map(([key, { to }]) => [`g ${key}`, () => navigate(to)]),
);

export function App() {
  const session = useSession();
  switch (session.kind) {
    case 'unknown':
      return null;
    case 'unreachable':
      return <Unreachable why={session.why} isAnswered={session.isAnswered} />;
    case 'signed-out':
      return (
        <>
          <SignIn hasEnded={session.hasEnded} />
          <Notices />
        </>
      );
    default:
      return <Frame />;
  }
}

const againMs = 5_000;

/** It comes back by itself: whoever waits need not press anything. */
function Unreachable({ why, isAnswered }: { readonly why: string; readonly isAnswered: boolean }) {
  useEffect(() => {
    const timer = window.setInterval(() => void loadSession(), againMs);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <main className="alone">
      <h1 className="hidden">Sluice</h1>
      <Empty
        title={isAnswered ? 'The coordinator cannot look at the cluster' : 'No coordinator answers'}
        command="sluice doctor"
      >
        {why}. Trying again every {againMs / 1_000} s.
      </Empty>
      <Button onPress={() => void loadSession()}>Try again</Button>
    </main>
  );
}

function Frame() {
  const { path } = usePlace();
  const { view } = useLive();
  const [isHelping, setHelping] = useState(false);
  useKeys({
    ...goes,
    '/': focusSearch,
    '?': () => setHelping(true),
    t: nextTheme,
  });
  const page = parsePath(path);
  return (
    <div className="frame">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <Sidebar page={page} onHelp={() => setHelping(true)} />
      <div className="content-box">
        <StreamBanner />
        <main id="content" tabIndex={-1}>
          {view ? (
            <Shown page={page} />
          ) : (
            <p className="loading">Waiting for the first look at the cluster …</p>
          )}
        </main>
      </div>
      {view && <TaskPanel />}
      <Notices />
      <QuestionDialog />
      <Help isOpen={isHelping} onClose={() => setHelping(false)} />
    </div>
  );
}

function Shown({ page }: { readonly page: Page }) {
  switch (page.page) {
    case 'overview':
      return <Overview />;
    case 'connectors':
      return <Connectors />;
    case 'connector':
      return <ConnectorPage key={page.name} name={page.name} tab={page.tab} />;
    case 'tasks':
      return <Tasks />;
    case 'workers':
      return <Workers />;
    case 'placement':
      return <Placement />;
    case 'events':
      return <Events tab={page.tab} />;
    case 'create':
      return <Create />;
    default:
      return (
        <Empty title="There is no such page">
          <Link to="/">Go to the overview</Link>
        </Empty>
      );
  }
}
