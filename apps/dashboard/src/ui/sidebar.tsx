/** Where one can go, how many things there ask for a look, and who looks. */
import type { ReactNode } from 'react';
import { useView } from '../live/use-live.ts';
import type { Page } from '../paths.ts';
import { Link } from '../router.tsx';
import { perform } from '../state/actions.ts';
import { signOut, useSession } from '../state/session.ts';
import { nextTheme, useTheme } from '../state/theme.ts';
import { totals } from '../state/totals.ts';
import { Button } from './button.tsx';
import { useCurrentInSight } from './current-in-sight.ts';

interface Entry {
  readonly page: Page['page'];
  readonly to: string;
  readonly label: string;
  readonly key: string;
  /** How many there need a look. */
  readonly alarms?: number;
}

const themeWords = { system: 'System', light: 'Light', dark: 'Dark' } as const;

export function Sidebar({ page, onHelp }: { readonly page: Page; readonly onHelp: () => void }) {
  const view = useView();
  const { choice } = useTheme();
  const line = useCurrentInSight();
  const { byState, workers, connectorsFailed, stalled } = totals(view);
  const entries: readonly Entry[] = [
    { page: 'overview', to: '/', label: 'Overview', key: 'o' },
    {
      page: 'connectors',
      to: '/connectors',
      label: 'Connectors',
      key: 'c',
      alarms: connectorsFailed,
    },
    { page: 'tasks', to: '/tasks', label: 'Tasks', key: 't', alarms: byState.FAILED + stalled },
    { page: 'workers', to: '/workers', label: 'Workers', key: 'w', alarms: workers.lost },
    { page: 'placement', to: '/placement', label: 'Placement', key: 'p' },
    { page: 'events', to: '/events', label: 'Events', key: 'e' },
  ];
  const isAt = (entry: Entry): boolean =>
    entry.page === page.page || (entry.page === 'connectors' && page.page === 'connector');
  const hasBoards = Object.values(view.workers).some(({ board }) => board !== null);
  return (
    <aside className="sidebar">
      <Link to="/" className="brand">
        <Sign />
        <span>
          Sluice
          <small>{view.cluster}</small>
        </span>
      </Link>
      <nav ref={line} aria-label="Pages">
        {entries.map((entry) => (
          <Link key={entry.to} to={entry.to} aria-current={isAt(entry) ? 'page' : undefined}>
            {entry.label}
            {entry.alarms !== undefined && entry.alarms > 0 && (
              <span className="alarms" title={`${entry.alarms} failed, stalled or lost`}>
                {entry.alarms}
              </span>
            )}
          </Link>
        ))}
        {hasBoards && (
          <a href="/queues" target="_blank" rel="noreferrer">
            Queues <span aria-hidden="true">↗</span>
          </a>
        )}
      </nav>
      <div className="sidebar-foot">
        <Who />
        <div className="row">
          <Button kind="quiet" onPress={nextTheme} label={`Theme: ${themeWords[choice]}`}>
            {themeWords[choice]}
          </Button>
          <span className="keys">
            <Button kind="quiet" onPress={onHelp} label="Keys">
              <kbd>?</kbd> Keys
            </Button>
          </span>
        </div>
        <p className="version">{view.version}</p>
      </div>
    </aside>
  );
}

function Who(): ReactNode {
  const state = useSession();
  if (state.kind !== 'signed-in') return null;
  const { user, role, hasSignIn } = state.session;
  if (!hasSignIn) return <p className="who">No sign-in on this server</p>;
  return (
    <div className="who">
      <span title={user ?? undefined}>
        {user ?? 'signed in'} <small>{role}</small>
      </span>
      <Button kind="quiet" onPress={() => void perform('Sign out', signOut, 'Signed out')}>
        Sign out
      </Button>
    </div>
  );
}

function Sign() {
  return (
    <svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
      <path fill="var(--accent)" d="M1 2h14v3H1z" />
      <path fill="var(--accent-mid)" d="M2 6h3v8H2zM6.500 6h3v6h-3zM11 6h3v4h-3z" />
    </svg>
  );
}
