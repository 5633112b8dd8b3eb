/** A line of a log as people read it: the message, then its fields. Pure. */
import type { LineLevel } from '@sluice/coordination';
import type { Logger } from '@sluice/kernel';

export interface ToldLine {
  /** Unit that it is about, if it is about one. */
  readonly unit: string | undefined;
  readonly level: LineLevel;
  readonly atMs: number;
  readonly message: string;
}

/** Far more than is kept: what is hidden in it would not be found if it were cut through. */
const charactersMax = 16_384;

/** Known otherwise, or of no interest to whoever reads. */
const leftOut = new Set(['unit', 'connector', 'task', 'fence', 'executor', 'worker']);

export function toldLine(
  level: LineLevel,
  fields: Readonly<Record<string, unknown>>,
  message: string,
  atMs: number,
): ToldLine {
  const unit = isUnit(fields.unit) ? fields.unit : undefined;
  const shown = Object.entries(fields).filter(
    ([name, value]) => !leftOut.has(name) && name !== 'trace' && value !== undefined,
  );
  const text = [message, ...shown.map(([name, value]) => `${name}=${textOf(value)}`)].join(' ');
  const trace = typeof fields.trace === 'string' ? `\n${fields.trace}` : '';
  return {
    unit,
    level,
    atMs,
    message: clipped(text + trace),
  };
}

/** A logger that also hands each line to `tell`, with what its ancestors were bound to. */
export function tellingLogger(
  logger: Logger,
  tell: (level: LineLevel, fields: Readonly<Record<string, unknown>>, message: string) => void,
  bindings: Readonly<Record<string, unknown>> = {},
): Logger {
  const at =
    (level: LineLevel) =>
    (fields: object, message: string): void => {
      logger[level](fields, message);
      tell(level, { ...bindings, ...fields }, message);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => tellingLogger(logger.child(more), tell, { ...bindings, ...more }),
  };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  if (value instanceof Error) return JSON.stringify(value.message);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return '…';
  }
}

function clipped(text: string): string {
  return text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text;
}

function isUnit(text: unknown): text is string {
  return typeof text === 'string' && /^(?:connector\/.|task\/.+\/\d+$)/s.test(text);
}
