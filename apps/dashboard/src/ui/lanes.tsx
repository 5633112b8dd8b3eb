/** Lanes of bars along time: what each unit was, for how long, where and why. What is under the pointer is told in full. */
import { useState } from 'react';
import { clockTime, span, wholeTime } from '../format/times.ts';
import { Link } from '../router.tsx';
import { type Bar, type BarKind, barKinds, type Lane, ticksOf } from '../state/lanes.ts';
import { TaskName } from './task-name.tsx';

export interface LanesProps {
  readonly lanes: readonly Lane[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Where a click on a name leads; none: names are left out. */
  readonly pathOf?: (unit: string) => string;
}

const words: Readonly<Record<BarKind, string>> = {
  running: 'running',
  waiting: 'no worker',
  starting: 'starting',
  leaving: 'leaving',
  'backing-off': 'backing off',
  failed: 'failed',
  stalled: 'stalled',
  idle: 'paused or stopped',
};

export function Lanes({ lanes, fromMs, toMs, pathOf }: LanesProps) {
  const [picked, setPicked] = useState<{ unit: string; fromMs: number }>();
  const bar = lanes
    .find(({ unit }) => unit === picked?.unit)
    ?.bars.find((each) => each.fromMs === picked?.fromMs);
  const left = (ms: number): string => `${((ms - fromMs) / (toMs - fromMs)) * 100}%`;
  return (
    <div className={pathOf ? 'lanes' : 'lanes bare'} onPointerLeave={() => setPicked(undefined)}>
      <div className="lane axis" aria-hidden="true">
        {pathOf && <span />}
        <span className="lane-time">
          {ticksOf(fromMs, toMs).map((ms) => (
            <span key={ms} className="tick" style={{ left: left(ms) }}>
              <span>{clockTime(ms)}</span>
            </span>
          ))}
        </span>
      </div>
      <ul>
        {lanes.map((lane) => (
          <li key={lane.unit} className="lane" data-lane={lane.unit}>
            {pathOf && (
              <Link to={pathOf(lane.unit)} title={lane.unit}>
                <LaneName unit={lane.unit} />
              </Link>
            )}
            <span className="lane-time" role="img" aria-label={spoken(lane, toMs)}>
              {lane.bars
                .filter((each) => each.toMs >= fromMs && each.fromMs <= toMs)
                .map((each) => {
                  const beganMs = Math.max(each.fromMs, fromMs);
                  return (
                    <span
                      key={each.fromMs}
                      className={`lane-bar ${each.kind}`}
                      data-kind={each.kind}
                      style={{
                        left: left(beganMs),
                        width: `${((Math.min(each.toMs, toMs) - beganMs) / (toMs - fromMs)) * 100}%`,
                      }}
                      onPointerEnter={() => setPicked({ unit: lane.unit, fromMs: each.fromMs })}
                    >
                      {each.worker}
                    </span>
                  );
                })}
            </span>
          </li>
        ))}
      </ul>
      <p className="lane-told">
        {bar && picked ? <Told unit={picked.unit} bar={bar} nowMs={toMs} /> : <Legend />}
      </p>
    </div>
  );
}

function LaneName({ unit }: { readonly unit: string }) {
  const name = nameOf(unit);
  return unit.startsWith('task/') ? <TaskName name={name} /> : <span className="cut">{name}</span>;
}

function Told({
  unit,
  bar: { kind, fromMs, toMs, worker, why, isOpen },
  nowMs,
}: {
  readonly unit: string;
  readonly bar: Bar;
  readonly nowMs: number;
}) {
  return (
    <>
      <strong>{nameOf(unit)}</strong> {words[kind]}
      {worker !== null && ` on ${worker}`}
      {' for '}
      {span((isOpen ? nowMs : toMs) - fromMs)}
      <span className="dim" title={wholeTime(fromMs)}>
        {' '}
        since {clockTime(fromMs)}
      </span>
      {why !== null && <span>: {why}</span>}
    </>
  );
}

function Legend() {
  return (
    <span className="legend">
      {barKinds.map((kind) => (
        <span key={kind} className="legend-part">
          <span className={`lane-bar ${kind}`} aria-hidden="true" /> {words[kind]}
        </span>
      ))}
    </span>
  );
}

/** `orders/3`; `orders`: the connector itself. */
function nameOf(unit: string): string {
  return unit.replace(/^(task|connector)\//, '');
}

/** The last ones, the newest first: all stand in the list of events. */
function spoken({ unit, bars }: Lane, nowMs: number): string {
  const told = bars
    .slice(-3)
    .toReversed()
    .map(
      ({ kind, worker, fromMs, toMs, isOpen }) =>
        `${words[kind]}${worker === null ? '' : ` on ${worker}`} for ${span((isOpen ? nowMs : toMs) - fromMs)}`,
    );
  return `${nameOf(unit)}: ${told.join('; before: ')}`;
}
