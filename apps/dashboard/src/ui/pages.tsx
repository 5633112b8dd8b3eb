/** From page to page of what is told newest first: each page is an address, and holds no more than is asked for at once. */
import { Link, pathWith, usePlace } from '../router.tsx';

/** For a question to the API: `&before=…`, or nothing on the newest page. */
export function olderThan(query: URLSearchParams): string {
  const before = query.get('before');
  return before === null ? '' : `&before=${encodeURIComponent(before)}`;
}

/** `next`: where what is older begins; null: there is nothing older; undefined: it is not known yet. */
export function Pages({ next }: { readonly next: string | null | undefined }) {
  const place = usePlace();
  const isOlder = place.query.has('before');
  if (!isOlder && typeof next !== 'string') return null;
  return (
    <nav className="row pages" aria-label="Older and newer ones">
      {isOlder && <Link to={pathWith(place, { before: undefined })}>↑ Newest</Link>}
      {typeof next === 'string' && <Link to={pathWith(place, { before: next })}>Older ↓</Link>}
      {next === null && <span className="dim">These are the oldest that are kept.</span>}
    </nav>
  );
}
