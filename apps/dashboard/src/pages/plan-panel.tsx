/** What a rerun of the assignment would move, before it happens: by itself, or if workers came or went. */
import type { PlanAnswer } from '@sluice/rest-api/shapes';
import { useState } from 'react';
import { call, messageOf } from '../api/client.ts';
import { count } from '../format/numbers.ts';
import { clockTime } from '../format/times.ts';
import { useView } from '../live/use-live.ts';
import { collate } from '../state/task-rows.ts';
import { Button } from '../ui/button.tsx';
import { Failed } from '../ui/empty.tsx';
import { Panel } from '../ui/page.tsx';

/** More lines than that are read by nobody; the rest is counted. */
const movesMax = 40;

/** A plan is of the moment that it was asked for. */
export interface ShownPlan {
  readonly plan: PlanAnswer;
  readonly atMs: number;
}

export function PlanPanel({
  shown,
  onShow,
}: {
  readonly shown: ShownPlan | undefined;
  readonly onShow: (shown: ShownPlan | undefined) => void;
}) {
  const names = Object.keys(useView().workers).toSorted(collate);
  const [isOpen, setOpen] = useState(false);
  const [add, setAdd] = useState(0);
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const [error, setError] = useState<string>();

  const ask = async (): Promise<void> => {
    setError(undefined);
    try {
      // One that was ticked may have left since: it has no box any more, and is no worker of a plan.
      const remove = names.filter((name) => gone.has(name));
      const body = { workers: { add, remove } };
      const plan = await call<PlanAnswer>('POST', '/sluice/plan', { body });
      onShow({ plan, atMs: Date.now() });
    } catch (thrown) {
      onShow(undefined);
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
        <Button
          kind="quiet"
          label="Close the plan"
          onPress={() => {
            setOpen(false);
            onShow(undefined);
          }}
        >
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
      {shown && <Moves shown={shown} />}
    </Panel>
  );
}

function Moves({ shown: { plan, atMs } }: { readonly shown: ShownPlan }) {
  const { moves, problems } = plan;
  return (
    <>
      {problems.map((problem) => (
        <p key={problem} className="tone-bad">
          {problem}
        </p>
      ))}
      {moves.length === 0 ? (
        <p className="quiet">Nothing would move, as of {clockTime(atMs)}.</p>
      ) : (
        <MoveList moves={moves} atMs={atMs} />
      )}
    </>
  );
}

function MoveList({ moves, atMs }: Pick<PlanAnswer, 'moves'> & Pick<ShownPlan, 'atMs'>) {
  return (
    <>
      <p className="told">
        {count(moves.length, 'unit')} would move, as of {clockTime(atMs)}. The matrix below shows
        where to.
      </p>
      <details>
        <summary>One by one</summary>
        <ul className="moves">
          {moves.slice(0, movesMax).map(({ unit, from, to }) => (
            <li key={unit}>
              <span className="cut" title={unit}>
                {unit.replace(/^task\//, '')}
              </span>
              <span className="dim">{from ?? 'no worker'}</span>
              <span aria-hidden="true">→</span>
              <span>{to ?? 'no worker'}</span>
            </li>
          ))}
        </ul>
        {moves.length > movesMax && <p className="dim">and {moves.length - movesMax} more</p>}
      </details>
    </>
  );
}
