/** All tasks of the cluster in one table, the abnormal first; the filter is in the address. */
import { useState } from 'react';
import { useView } from '../live/use-live.ts';
import { setQuery, usePlace } from '../router.tsx';
import { pauseConnectorsOf, restartTasks } from '../state/actions.ts';
import { useRefusal } from '../state/session.ts';
import {
  collate,
  countByState,
  matchingButState,
  ofStates,
  parseFilter,
  type ShownState,
  shownStates,
  sortKeys,
  sortRows,
  type TaskFilter,
  type TaskRow,
  taskRows,
} from '../state/task-rows.ts';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';
import { Page } from '../ui/page.tsx';
import { StateMark, stateWord } from '../ui/state-mark.tsx';
import { TaskTable } from '../ui/task-table.tsx';

export function Tasks() {
  const view = useView();
  const { query } = usePlace();
  const filter = parseFilter(query);
  const sort = sortKeys.find((key) => key === query.get('sort')) ?? 'urgency';
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const all = taskRows(view);
  const matching = matchingButState(all, filter);
  const rows = sortRows(ofStates(matching, filter.states), sort);
  const chosen = rows.filter(({ id }) => selected.has(id));
  return (
    <Page
      title="Tasks"
      note={rows.length === all.length ? String(all.length) : `${rows.length} of ${all.length}`}
      actions={<Actions chosen={chosen} onDone={() => setSelected(new Set())} />}
    >
      <Filters rows={matching} all={all} filter={filter} />
      {all.length === 0 ? (
        <Empty title="No tasks yet" command="sluice apply -f connector.yaml">
          A connector that runs has at least one.
        </Empty>
      ) : (
        <TaskTable
          rows={rows}
          sort={sort}
          selected={selected}
          onSelect={setSelected}
          empty="No task matches the filter."
        />
      )}
    </Page>
  );
}

function Actions({
  chosen,
  onDone,
}: {
  readonly chosen: readonly TaskRow[];
  readonly onDone: () => void;
}) {
  const refused = useRefusal('operator');
  const none = chosen.length === 0 ? 'Select tasks first: their boxes, or x' : undefined;
  return (
    <>
      <Button
        kind={chosen.length > 0 ? 'primary' : 'plain'}
        refused={refused ?? none}
        onPress={() => void restartTasks(chosen).then(onDone)}
      >
        Restart{chosen.length > 0 ? ` ${chosen.length}` : ''}
      </Button>
      <Button refused={refused ?? none} onPress={() => void pauseConnectorsOf(chosen).then(onDone)}>
        Pause
      </Button>
    </>
  );
}

function Filters({
  rows,
  all,
  filter,
}: {
  readonly rows: readonly TaskRow[];
  readonly all: readonly TaskRow[];
  readonly filter: TaskFilter;
}) {
  const counts = countByState(rows);
  const toggle = (state: ShownState): void => {
    const states = filter.states.includes(state)
      ? filter.states.filter((each) => each !== state)
      : [...filter.states, state];
    setQuery({ state: states.join(',') }, { asStep: true });
  };
  return (
    <div className="filters" role="search">
      <input
        data-search
        type="search"
        placeholder="Search names, reasons, errors"
        aria-label="Search tasks"
        value={filter.text}
        onChange={(event) => setQuery({ q: event.target.value })}
      />
      <div className="chips" role="group" aria-label="States">
        {shownStates
          .filter((state) => (counts.get(state) ?? 0) > 0 || filter.states.includes(state))
          .map((state) => (
            <button
              key={state}
              type="button"
              className="chip"
              aria-pressed={filter.states.includes(state)}
              onClick={() => toggle(state)}
            >
              <StateMark state={state} label={stateWord(state)} />
              <span className="count">{counts.get(state) ?? 0}</span>
            </button>
          ))}
      </div>
      <Choice
        name="connector"
        all="All connectors"
        value={filter.connector}
        options={all.map(({ connector }) => connector)}
      />
      <Choice
        name="worker"
        all="All workers"
        value={filter.worker}
        options={all.flatMap(({ worker }) => worker ?? [])}
      />
    </div>
  );
}

function Choice({
  name,
  all,
  value,
  options,
}: {
  readonly name: 'connector' | 'worker';
  readonly all: string;
  readonly value: string | undefined;
  readonly options: readonly string[];
}) {
  const names = new Set(options);
  if (value !== undefined) names.add(value);
  return (
    <select
      aria-label={all}
      value={value ?? ''}
      onChange={(event) => setQuery({ [name]: event.target.value }, { asStep: true })}
    >
      <option value="">{all}</option>
      {[...names].toSorted(collate).map((each) => (
        <option key={each}>{each}</option>
      ))}
    </select>
  );
}
