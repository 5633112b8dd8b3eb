/** One offset that can be changed: the cell with it, and the one with what can be done. */
import type { ConnectorOffset } from '@sluice/rest-api/shapes';
import { type ReactNode, useState } from 'react';
import { call, connectorUrl } from '../../api/client.ts';
import { messageIn, perform } from '../../state/actions.ts';
import { ask } from '../../state/notices.ts';
import { type OffsetForm, offsetText } from '../../state/offsets.ts';
import { Button } from '../../ui/button.tsx';

export interface OffsetCellsProps {
  readonly connector: string;
  readonly offset: ConnectorOffset;
  /** What its partition is called. */
  readonly place: string;
  readonly form: OffsetForm;
  readonly refused: string | undefined;
  readonly onDone: () => void;
  /** Cells between the two. */
  readonly children?: ReactNode;
}

export function OffsetCells({
  connector,
  offset: { partition, offset },
  place,
  form,
  refused,
  onDone,
  children,
}: OffsetCellsProps) {
  const [draft, setDraft] = useState<string>();
  const problem = draft === undefined ? undefined : form.problem(draft);
  const save = async (text: string): Promise<void> => {
    const next = form.parse(text);
    const yes = await ask({
      title: `Change an offset of ${connector}?`,
      body: (
        <table className="diff">
          <tbody>
            <tr>
              <th scope="row">{place}</th>
              <td>
                <del>{offset === null ? 'none' : offsetText(offset)}</del>
                <ins>{next === null ? 'reset' : offsetText(next)}</ins>
              </td>
            </tr>
          </tbody>
        </table>
      ),
      verb: 'Change the offset',
      isDestructive: true,
    });
    if (!yes) return;
    const isDone = await perform(
      `Change an offset of ${connector}`,
      async () =>
        await call('PATCH', connectorUrl(connector, '/offsets'), {
          body: { offsets: [{ partition, offset: next }] },
          isExact: true,
        }),
      messageIn,
    );
    if (!isDone) return;
    setDraft(undefined);
    onDone();
  };
  return (
    <>
      <td className={form.shown ? 'number offset' : 'mono offset'}>
        {draft === undefined ? (
          (form.shown ?? form.text)(offset) || <span className="dim">none</span>
        ) : (
          <>
            <input
              aria-label={form.label}
              value={draft}
              aria-invalid={problem !== undefined}
              // biome-ignore lint/a11y/noAutofocus: it takes the place of the button that was pressed
              autoFocus
              onChange={(event) => setDraft(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && problem === undefined) void save(draft);
                if (event.key === 'Escape') setDraft(undefined);
              }}
            />
            {problem !== undefined && <span className="error"> {problem}</span>}
          </>
        )}
      </td>
      {children}
      <td className="end">
        {draft === undefined ? (
          <Button
            kind="quiet"
            label={`Edit the offset of ${place}`}
            refused={refused}
            onPress={() => setDraft(form.text(offset))}
          >
            Edit
          </Button>
        ) : (
          <span className="row">
            <Button kind="primary" refused={problem} onPress={() => void save(draft)}>
              Save
            </Button>
            <Button kind="quiet" onPress={() => setDraft(undefined)}>
              Cancel
            </Button>
          </span>
        )}
      </td>
    </>
  );
}
