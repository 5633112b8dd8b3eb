/** Buttons. One that may not be pressed stays reachable and says why, to the eye and to a screen reader. */
import { type ReactNode, useId } from 'react';
import { notify } from '../state/notices.ts';

export interface ButtonProps {
  readonly children: ReactNode;
  readonly onPress: () => void;
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  /** Why it may not be pressed. */
  readonly refused?: string | undefined;
  readonly label?: string;
  readonly pressed?: boolean;
  readonly type?: 'button' | 'submit';
}

export function Button({
  children,
  onPress,
  kind = 'plain',
  refused,
  label,
  pressed,
  type = 'button',
}: ButtonProps) {
  const why = useId();
  const press = (): void => {
    if (refused === undefined) onPress();
    else notify({ kind: 'failed', title: 'Not allowed', detail: refused });
  };
  return (
    <>
      <button
        type={type === 'submit' ? 'submit' : 'button'}
        className={`button ${kind}`}
        onClick={type === 'submit' && refused === undefined ? undefined : press}
        title={refused ?? label}
        aria-label={label}
        aria-pressed={pressed}
        aria-disabled={refused === undefined ? undefined : true}
        aria-describedby={refused === undefined ? undefined : why}
      >
        {children}
      </button>
      {refused !== undefined && (
        <span id={why} hidden>
          {refused}
        </span>
      )}
    </>
  );
}

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      notify({ kind: 'done', title: `Copied ${what}` });
    } catch {
      // Browsers give the clipboard to secure pages only.
      notify({
        kind: 'failed',
        title: `Could not copy ${what}`,
        detail: 'The browser gives its clipboard to https and localhost only: select the text.',
      });
    }
  };
  return (
    <Button kind="quiet" onPress={() => void copy()} label={`Copy ${what}`}>
      Copy
    </Button>
  );
}
