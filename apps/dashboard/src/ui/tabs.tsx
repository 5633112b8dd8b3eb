/** Tabs that are addresses. */
import { Link } from '../router.tsx';
import { useCurrentInSight } from './current-in-sight.ts';

export interface Tab {
  readonly to: string;
  readonly label: string;
  readonly count?: number | undefined;
  readonly isCurrent: boolean;
}

export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  const line = useCurrentInSight();
  return (
    <nav ref={line} className="tabs" aria-label={label}>
      {tabs.map(({ to, label: name, count, isCurrent }) => (
        <Link key={to} to={to} aria-current={isCurrent ? 'page' : undefined}>
          {name}
          {count !== undefined && <span className="count">{count}</span>}
        </Link>
      ))}
    </nav>
  );
}
