/** From page to page of what is told in order: each page is an address, and holds no more than is asked for at once. */
import { Link, pathWith, usePlace } from '../router.tsx';

/** For a question to the API: `&before=…`, or nothing on the newest page. */
export function olderThan(query: URLSearchParams): string {
  const before = query.get('before');
  return before === null ? '' : `&before=${encodeURIComponent(before)}`;
}

export interface PageWords {
  readonly first: string;
  readonly more: string;
  readonly end: string;
}

const newestFirst: PageWords = {
  first: '↑ Newest',
  more: 'Older ↓',
  end: 'These are the oldest that are kept.',
};

/** `next`: where what follows begins; null: nothing does; undefined: it is not known yet. */
export function Pages({
  next,
  words = newestFirst,
}: {
  readonly next: string | null | undefined;
  readonly words?: PageWords;
}) {
  const place = usePlace();
  const isFirst = !place.query.has('before');
  if (isFirst && typeof next !== 'string') return null;
  return (
    <nav className="row pages" aria-label="Other pages">
      {!isFirst && <Link to={pathWith(place, { before: undefined })}>{words.first}</Link>}
      {typeof next === 'string' && <Link to={pathWith(place, { before: next })}>{words.more}</Link>}
      {next === null && <span className="dim">{words.end}</span>}
    </nav>
  );
}
