/** The keys, on `?`. */
import { useEffect, useRef } from 'react';
import { Button } from './button.tsx';
import { goKeys } from './keys.ts';

const others: readonly (readonly [string, string])[] = [
  ['/', 'Search in what is shown'],
  ['j  k', 'Next and previous row'],
  ['Enter', 'Open the row'],
  ['x', 'Select the row'],
  ['←  →  ↑  ↓', 'From task to task in the matrix'],
  ['Esc', 'Close, or leave a field'],
  ['t', 'Light, dark, or as the system'],
  ['?', 'This list'],
];

export function Help({
  isOpen,
  onClose,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">Keys</h2>
      <div className="help">
        <dl>
          {Object.entries(goKeys).map(([key, { what }]) => (
            <div key={key}>
              <dt>
                <kbd>g</kbd> <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <dl>
          {others.map(([keys, what]) => (
            <div key={keys}>
              <dt>
                {keys.split('  ').map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </div>
      <div className="dialog-actions">
        <Button onPress={onClose}>Close</Button>
      </div>
    </dialog>
  );
}
