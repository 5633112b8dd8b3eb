/** Where a connector is: seen at any time, changed while it is stopped. */
import type { ConnectorOffset, OffsetsAnswer } from '@sluice/rest-api/shapes';
import { useState } from 'react';
import { call, connectorUrl } from '../../api/client.ts';
import { useQuery } from '../../api/use-query.ts';
import { messageIn, perform, resetOffsets } from '../../state/actions.ts';
import type { ConnectorRow } from '../../state/connectors.ts';
import { ask } from '../../state/notices.ts';
import { offsetProblem, offsetText, parseOffset } from '../../state/offsets.ts';
import { useRefusal } from '../../state/session.ts';
import { Button } from '../../ui/button.tsx';
import { AsBefore, Empty, Failed } from '../../ui/empty.tsx';

export function OffsetsTab({ row }: { readonly row: ConnectorRow }) {
  const { name } = row;
  const { data, error, again } = useQuery<OffsetsAnswer>(connectorUrl(name, '/offsets'), {
    everyMs: 5_000,
    isExact: true,
  });
  const admin = useRefusal('admin');
  const running =
    row.target_state === 'STOPPED' ? undefined : `Stop ${name} first: its tasks write offsets`;
  if (!data) return error ? <Failed what="offsets" why={error.message} /> : null;
  if (data.offsets.length === 0) {
    return (
      <Empty title="No offsets yet" command={`sluice offsets get ${name}`}>
        They are stored when records were delivered.
      </Empty>
    );
  }
  return (
    <>
      <AsBefore error={error} />
      <div className="row above">
        <span className="dim">{running ?? 'It is stopped: its offsets can be changed.'}</span>
        <span className="push" />
        <Button
          refused={admin ?? running}
          onPress={() => void resetOffsets(name).then((done) => done && again())}
        >
          Reset all
        </Button>
      </div>
      <table className="table offsets">
        <thead>
          <tr>
            <th>Partition</th>
            <th>Offset</th>
            <th className="end">
              <span className="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {data.offsets.map((offset) => (
            <Row
              key={offsetText(offset.partition)}
              name={name}
              offset={offset}
              refused={admin ?? running}
              onDone={again}
            />
          ))}
        </tbody>
      </table>
    </>
  );
}

function Row({
  name,
  offset: { partition, offset },
  refused,
  onDone,
}: {
  readonly name: string;
  readonly offset: ConnectorOffset;
  readonly refused: string | undefined;
  readonly onDone: () => void;
}) {
  const [draft, setDraft] = useState<string>();
  const problem = draft === undefined ? undefined : offsetProblem(draft);
  const save = async (text: string): Promise<void> => {
    const next = parseOffset(text);
    const yes = await ask({
      title: `Change an offset of ${name}?`,
      body: (
        <table className="diff">
          <tbody>
            <tr>
              <th scope="row">{offsetText(partition)}</th>
              <td>
                <del>{offsetText(offset)}</del>
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
      `Change an offset of ${name}`,
      async () =>
        await call('PATCH', connectorUrl(name, '/offsets'), {
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
    <tr>
      <td className="mono">{offsetText(partition)}</td>
      <td className="mono">
        {draft === undefined ? (
          offsetText(offset)
        ) : (
          <>
            <input
              aria-label="Offset as JSON; null resets it"
              value={draft}
              aria-invalid={problem !== undefined}
              onChange={(event) => setDraft(event.target.value)}
            />
            {problem !== undefined && <span className="error"> {problem}</span>}
          </>
        )}
      </td>
      <td className="end">
        {draft === undefined ? (
          <Button kind="quiet" refused={refused} onPress={() => setDraft(offsetText(offset))}>
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
    </tr>
  );
}
