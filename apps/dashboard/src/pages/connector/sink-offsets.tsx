/** Where a sink is in each partition that it reads, and how far behind: the furthest first. */
import type { LagAnswer, PartitionLag } from '@sluice/rest-api/shapes';
import { useQuery } from '../../api/use-query.ts';
import { count, grouped } from '../../format/numbers.ts';
import type { ConnectorRow } from '../../state/connectors.ts';
import { sinkForm, sinkOffset } from '../../state/offsets.ts';
import { shellWord } from '../../state/shell.ts';
import { AsBefore, Empty, Failed } from '../../ui/empty.tsx';
import { Spacer, useRowWindow } from '../../ui/windowed.tsx';
import { OffsetCells } from './offset-cells.tsx';
import { OffsetsBar, useOffsetRefusal } from './offsets-bar.tsx';

const columns = 5;

export function SinkOffsets({ row }: { readonly row: ConnectorRow }) {
  const { name } = row;
  const { data, error, again } = useQuery<LagAnswer>(
    `/sluice/lag?connector=${encodeURIComponent(name)}`,
    { everyMs: 5_000 },
  );
  const refused = useOffsetRefusal(row);
  if (!data) return error ? <Failed what="offsets" why={error.message} /> : null;
  if (data.partitions.length === 0) {
    return (
      <Empty title="No partitions yet" command={`sluice offsets get ${shellWord(name)}`}>
        None of its topics is there.
      </Empty>
    );
  }
  return (
    <>
      <AsBefore error={error} />
      <OffsetsBar row={row} about={aboutOf(data)} refused={refused} onReset={again} />
      <Partitions name={name} partitions={data.partitions} refused={refused} onDone={again} />
    </>
  );
}

function aboutOf({ group, lag, partitions }: LagAnswer): string {
  const behind = lag === null ? '' : `, ${count(lag, 'record')} behind`;
  return `Group ${group}: ${count(partitions.length, 'partition')}${behind}.`;
}

function Partitions({
  name,
  partitions,
  refused,
  onDone,
}: {
  readonly name: string;
  readonly partitions: readonly PartitionLag[];
  readonly refused: string | undefined;
  readonly onDone: () => void;
}) {
  const { ref, first, last, before, after } = useRowWindow(partitions.length);
  return (
    <table className="table offsets" aria-rowcount={partitions.length}>
      <thead>
        <tr>
          <th>Partition</th>
          <th className="number">Committed</th>
          <th className="number minor">End</th>
          <th className="number" aria-sort="descending">
            Lag<span aria-hidden="true"> ↓</span>
          </th>
          <th className="end">
            <span className="hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody ref={ref}>
        <Spacer height={before} columns={columns} />
        {partitions.slice(first, last).map((each, index) => {
          const place = `${each.topic}/${each.partition}`;
          return (
            <tr key={place} data-partition={place} aria-rowindex={first + index + 1}>
              <td className="mono cut" title={place}>
                {place}
              </td>
              <OffsetCells
                connector={name}
                offset={sinkOffset(each)}
                place={place}
                form={sinkForm}
                refused={refused}
                onDone={onDone}
              >
                <td className="number minor">
                  {each.end === null ? <span className="tone-warn">gone</span> : grouped(each.end)}
                </td>
                <td className="number">{each.lag === null ? '–' : grouped(each.lag)}</td>
              </OffsetCells>
            </tr>
          );
        })}
        <Spacer height={after} columns={columns} />
      </tbody>
    </table>
  );
}
