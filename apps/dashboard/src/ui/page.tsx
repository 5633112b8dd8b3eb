/** The frame of a page: its heading, what can be done, and what it shows. */
import { type ReactNode, useEffect } from 'react';
import { useView } from '../live/use-live.ts';

export function Page({
  title,
  note,
  actions,
  children,
}: {
  readonly title: ReactNode;
  readonly note?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  const { cluster } = useView();
  useEffect(() => {
    // Tabs of several clusters are told from each other.
    document.title = [typeof title === 'string' ? title : '', cluster, 'Sluice']
      .filter(Boolean)
      .join(' · ');
  }, [title, cluster]);
  return (
    <>
      <header className="page-head">
        <h1>{title}</h1>
        {note !== undefined && <p className="note">{note}</p>}
        {actions !== undefined && <div className="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

export function Panel({
  title,
  aside,
  children,
  className = '',
}: {
  readonly title?: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}) {
  return (
    <section className={`panel ${className}`}>
      {title !== undefined && (
        <header className="panel-head">
          <h2>{title}</h2>
          {aside}
        </header>
      )}
      {children}
    </section>
  );
}
