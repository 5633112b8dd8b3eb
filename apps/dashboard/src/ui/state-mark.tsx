/** A state as a shape, a colour and a word: never by colour alone. */
import type { ReactNode } from 'react';

type Tone = 'ok' | 'bad' | 'warn' | 'move' | 'idle';

const tones: Readonly<Record<string, Tone>> = {
  RUNNING: 'ok',
  FAILED: 'bad',
  STALLED: 'bad',
  RESTARTING: 'warn',
  UNASSIGNED: 'move',
  PAUSED: 'idle',
  STOPPED: 'idle',
  up: 'ok',
  draining: 'warn',
  lost: 'bad',
  dead: 'bad',
  healthy: 'ok',
  degraded: 'warn',
  unhealthy: 'bad',
  paused: 'idle',
  stopped: 'idle',
};

const shapes: Readonly<Record<string, ReactNode>> = {
  disc: <circle cx="5" cy="5" r="3.5" fill="currentColor" />,
  cross: <path d="M2 2l6 6M8 2l-6 6" stroke="currentColor" strokeWidth="2.200" fill="none" />,
  half: (
    <path
      d="M5 1.500a3.500 3.500 0 1 1-3.400 4.300"
      stroke="currentColor"
      strokeWidth="2"
      fill="none"
    />
  ),
  ring: <circle cx="5" cy="5" r="3" stroke="currentColor" strokeWidth="1.800" fill="none" />,
  bars: <path d="M2.500 1.500h2v7h-2zM6 1.500h2v7H6z" fill="currentColor" />,
  square: <path d="M2 2h6v6H2z" fill="currentColor" />,
  triangle: <path d="M5 1l4.500 8h-9z" fill="currentColor" />,
};

const shapeOf: Readonly<Record<string, keyof typeof shapes>> = {
  RUNNING: 'disc',
  up: 'disc',
  healthy: 'disc',
  FAILED: 'cross',
  lost: 'cross',
  dead: 'cross',
  unhealthy: 'cross',
  STALLED: 'triangle',
  degraded: 'triangle',
  RESTARTING: 'half',
  draining: 'half',
  UNASSIGNED: 'ring',
  PAUSED: 'bars',
  paused: 'bars',
  STOPPED: 'square',
  stopped: 'square',
};

export function toneOf(state: string): Tone {
  return tones[state] ?? 'idle';
}

export function stateWord(state: string): string {
  return state.toLowerCase();
}

export function StateMark({ state, label }: { readonly state: string; readonly label?: string }) {
  return (
    <span className={`mark tone-${toneOf(state)}`}>
      <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
        {shapes[shapeOf[state] ?? 'ring']}
      </svg>
      {label ?? stateWord(state)}
    </span>
  );
}
