/** What stands where there is nothing: why, and the command that changes it. */
import type { ReactNode } from 'react';
import { Button, CopyButton } from './button.tsx';

export function Empty({
  title,
  children,
  command,
}: {
  readonly title: string;
  readonly children?: ReactNode;
  readonly command?: string;
}) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children !== undefined && <p>{children}</p>}
      {command !== undefined && (
        <p className="command">
          <code>{command}</code>
          <CopyButton text={command} what="the command" />
        </p>
      )}
    </div>
  );
}

/** Above what came earlier, where asking again has failed since. */
export function AsBefore({ error }: { readonly error: Error | undefined }) {
  if (!error) return null;
  return (
    <p className="own-error" role="alert">
      This is as it was before, and could not be loaded again: {error.message}
    </p>
  );
}

/** Something that was asked for did not come. */
export function Failed({
  what,
  why,
  onRetry,
}: {
  readonly what: string;
  readonly why: string;
  /** Not needed for what is asked for again by itself. */
  readonly onRetry?: () => void;
}) {
  return (
    <div className="empty" role="alert">
      <p className="empty-title">Could not load {what}</p>
      <p>{why}</p>
      {onRetry && <Button onPress={onRetry}>Try again</Button>}
    </div>
  );
}
