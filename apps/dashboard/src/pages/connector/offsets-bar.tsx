/** Above offsets: whether they can be changed, and forgetting them all. */
import { resetOffsets } from '../../state/actions.ts';
import type { ConnectorRow } from '../../state/connectors.ts';
import { useRefusal } from '../../state/session.ts';
import { Button } from '../../ui/button.tsx';

/** Why offsets may not be changed now. */
export function useOffsetRefusal({ name, target_state: target }: ConnectorRow): string | undefined {
  const admin = useRefusal('admin');
  return (
    admin ?? (target === 'STOPPED' ? undefined : `Stop ${name} first: its tasks write offsets`)
  );
}

export function OffsetsBar({
  row: { name, target_state: target },
  about,
  refused,
  onReset,
}: {
  readonly row: ConnectorRow;
  readonly about?: string | undefined;
  readonly refused: string | undefined;
  readonly onReset: () => void;
}) {
  const change =
    target === 'STOPPED'
      ? 'It is stopped: its offsets can be changed.'
      : `To change offsets, stop ${name} first: its tasks write them.`;
  return (
    <div className="row above">
      <span className="dim">{about === undefined ? change : `${about} ${change}`}</span>
      <span className="push" />
      <Button
        refused={refused}
        onPress={() => void resetOffsets(name).then((done) => done && onReset())}
      >
        Reset all
      </Button>
    </div>
  );
}
