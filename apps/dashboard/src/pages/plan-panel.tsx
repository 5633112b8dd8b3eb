/** What a rerun of the assignment would move, before it happens: by itself, or if workers came or went. */
import { useState } from 'react';
import { call, messageOf } from '../api/client.ts';
import { count } from '../format/numbers.ts';
import { useView } from '../live/use-live.ts';
import { collate } from '../state/task-rows.ts';
import { Button } from '../ui/button.tsx';
import { Failed } from '../ui/empty.tsx';
import { Panel } from '../ui/page.tsx';

/** Answer of `POST /sluice/plan`. */
interface Plan {
  readonly moves: readonly {
    readonly unit: string;
    readonly from: string | null;
    readonly to: string | null;
  }[];
  /** Of what no worker could run. */
  readonly problems: readonly string[];
}

/** More lines than that are read by nobody; the rest is counted. */
const movesMax = 40;

export function PlanPanel() {
  const names = Object.keys(useView().workers).toSorted(collate);
  const [isOpen, setOpen] = useState(false);
  const [add, setAdd] = useState(0);
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const [plan, setPlan] = useState<Plan>();
  const [error, setError] = useState<string>();

  const ask = async (): Promise<void> => {
    setError(undefined);
    try {
      const body = { workers: { add, remove: [...gone] } };
      setPlan(await call<Plan>('POST', '/sluice/plan', { body }));
    } catch (thrown) {
      setPlan(undefined);
      setError(messageOf(thrown));
    }
  };

  if (!isOpen) {
    return (
      <div className="row plan-closed">
        <Button onPress={() => setOpen(true)}>What if …</Button>
        <span className="dim">What would move if workers came or went. Nothing is done.</span>
      </div>
    );
  }
  return (
    <Panel
      title="What if"
      aside={
        <Button kind="quiet" label="Close the plan" onPress={() => setOpen(false)}>
          ×
        </Button>
      }
      className="plan"
    >
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <label className="row">
          <input
            type="number"
            min={0}
            max={1000}
            value={add}
            onChange={(event) => setAdd(Math.max(0, Math.trunc(event.target.valueAsNumber || 0)))}
          />
          workers came
        </label>
        <fieldset className="row">
          <legend className="hidden">Workers that went</legend>
          <span>and these went:</span>
          {names.map((name) => (
            <label key={name} className="check">
              <input
                type="checkbox"
                checked={gone.has(name)}
                onChange={() => {
                  const next = new Set(gone);
                  if (!next.delete(name)) next.add(name);
                  setGone(next);
                }}
              />
              {name}
            </label>
          ))}
        </fieldset>
        <Button type="submit" kind="primary" onPress={() => undefined}>
          Show the plan
        </Button>
      </form>
      {error !== undefined && <Failed what="the plan" why={error} />}
      {plan && <Moves plan={plan} />}
    </Panel>
  );
}

function Moves({ plan: { moves, problems } }: { readonly plan: Plan }) {
  return (
    <>
      {problems.map((problem) => (
        <p key={problem} className="tone-bad">
          {problem}
        </p>
      ))}
      {moves.length === 0 ? (
        <p className="quiet">Nothing would move.</p>
      ) : (
        <MoveList moves={moves} />
      )}
    </>
  );
}

function MoveList({ moves }: Pick<Plan, 'moves'>) {
  return (
    <>
      <p>{count(moves.length, 'unit')} would move:</p>
      <ul className="moves">
        {moves.slice(0, movesMax).map(({ unit, from, to }) => (
          <li key={unit}>
            <span>{unit.replace(/^task\//, '')}</span>
            <span className="dim">{from ?? 'no worker'}</span>
            <span aria-hidden="true">→</span>
            <span>{to ?? 'no worker'}</span>
          </li>
        ))}
      </ul>
      {moves.length > movesMax && <p className="dim">and {moves.length - movesMax} more</p>}
    </>
  );
}
