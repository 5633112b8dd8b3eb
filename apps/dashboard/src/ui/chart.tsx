/** A chart of the last minutes, by uPlot: drawn on a canvas, so that a second costs next to nothing. */
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { short } from '../format/numbers.ts';
import { clockTime } from '../format/times.ts';
import { useTheme } from '../state/theme.ts';

export interface Series {
  readonly label: string;
  /** A custom property of the style sheet: `--ok`. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  /** What it shows, for who does not see it. */
  readonly summary: string;
  readonly timesMs: readonly number[];
  readonly series: readonly Series[];
  readonly height?: number;
  /** Of the time that it shows when there is that much. */
  readonly spanMs?: number;
}

/** So that the first samples are no wall. */
const spanMinSeconds = 60;

export function Chart({ summary, timesMs, series, height = 150, spanMs = 300_000 }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLParagraphElement>(null);
  const plot = useRef<uPlot>(undefined);
  const { shown: theme } = useTheme();
  const shape = series.map(({ label, color }) => `${label}=${color}`).join(';');

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const options = optionsOf(element, shape, height, spanMs);
    const told = (made: uPlot): void => {
      if (readout.current) readout.current.textContent = readoutOf(made);
    };
    plot.current = new uPlot({ ...options, hooks: { setCursor: [told] } }, [[]], element);
    const resized = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height }),
    );
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
    // The colours are read when it is made: another theme is another chart.
  }, [shape, height, spanMs, theme]);

  useEffect(() => {
    const times = timesMs.map((ms) => ms / 1_000);
    plot.current?.setData([times, ...series.map(({ values }) => [...values])]);
  });

  return (
    <div className="chart-box" data-samples={timesMs.length}>
      <p className="chart-readout" ref={readout} aria-hidden="true" />
      <div className="chart" ref={box} role="img" aria-label={summary} />
    </div>
  );
}

/** What the chart has at the moment under the pointer; nothing if there is none. */
function readoutOf({ cursor: { idx }, data, series }: uPlot): string {
  const at = typeof idx === 'number' ? data[0][idx] : undefined;
  if (typeof idx !== 'number' || at === undefined) return '';
  const values = series.slice(1).map(({ label }, index) => {
    const value = data[index + 1]?.[idx];
    return `${typeof label === 'string' ? label : ''} ${value == null ? '–' : short(value)}`;
  });
  return `${clockTime(at * 1_000)}  ${values.join('  ')}`;
}

/** Half of a time as it is written, px. */
const halfTimePx = 25;

/** Before the right edge: what is written in the middle of a tick would be cut off there. */
function hasRoom(plot: uPlot, at: number): boolean {
  const widthPx = plot.bbox.width / uPlot.pxRatio;
  return plot.valToPos(at, 'x') + halfTimePx <= widthPx;
}

function optionsOf(
  element: HTMLElement,
  shape: string,
  height: number,
  spanMs: number,
): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--dim'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height,
    padding: [8, 4, 0, 0],
    cursor: { y: false, points: { size: 6 } },
    legend: { show: false },
    scales: {
      x: {
        time: true,
        // Of the data itself: for a single sample uPlot would show a day.
        range: ({ data: [times] }) => {
          const end = times.at(-1) ?? Date.now() / 1_000;
          const span = Math.min(
            spanMs / 1_000,
            Math.max(end - (times.at(0) ?? end), spanMinSeconds),
          );
          return [end - span, end];
        },
      },
      y: { range: (_plot, _min, max) => [0, Math.max(max ?? 0, 1) * 1.1] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        space: 90,
        incrs: [5, 10, 30, 60, 120, 300, 600],
        values: (plot, times) =>
          times.map((at) => (hasRoom(plot, at) ? clockTime(at * 1_000) : '')),
      },
      { ...axis, size: 46, space: 32, values: (_plot, values) => values.map(short) },
    ],
    series: [
      {},
      ...shape.split(';').map((part) => {
        const [label = '', name = ''] = part.split('=');
        return {
          label,
          stroke: color(name),
          width: 1.5,
          points: { show: false },
        };
      }),
    ],
  };
}
