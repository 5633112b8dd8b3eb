/** Where a connector is: seen at any time, changed while it is stopped. Of a sink also how far it is behind. */
import type { OffsetsAnswer } from '@sluice/rest-api/shapes';
import { connectorUrl } from '../../api/client.ts';
import { useQuery } from '../../api/use-query.ts';
import type { ConnectorRow } from '../../state/connectors.ts';
import { offsetText, sourceForm } from '../../state/offsets.ts';
import { shellWord } from '../../state/shell.ts';
import { AsBefore, Empty, Failed } from '../../ui/empty.tsx';
import { OffsetCells } from './offset-cells.tsx';
import { OffsetsBar, useOffsetRefusal } from './offsets-bar.tsx';
import { SinkOffsets } from './sink-offsets.tsx';

export function OffsetsTab({ row }: { readonly row: ConnectorRow }) {
  return row.type === 'sink' ? <SinkOffsets row={row} /> : <SourceOffsets row={row} />;
}

function SourceOffsets({ row }: { readonly row: ConnectorRow }) {
  const { name } = row;
  const { data, error, again } = useQuery<OffsetsAnswer>(connectorUrl(name, '/offsets'), {
    everyMs: 5_000,
    isExact: true,
  });
  const refused = useOffsetRefusal(row);
  if (!data) return error ? <Failed what="offsets" why={error.message} /> : null;
  if (data.offsets.length === 0) {
    return (
      <Empty title="No offsets yet" command={`sluice offsets get ${shellWord(name)}`}>
        They are stored when records were delivered.
      </Empty>
    );
  }
  return (
    <>
      <AsBefore error={error} />
      <OffsetsBar row={row} refused={refused} onReset={again} />
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
          {data.offsets.map((offset) => {
            const place = offsetText(offset.partition);
            return (
              <tr key={place}>
                <td className="mono">{place}</td>
                <OffsetCells
                  connector={name}
                  offset={offset}
                  place={place}
                  form={sourceForm}
                  refused={refused}
                  onDone={again}
                />
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}
