/** What an executor tells the control thread of its spans: numbers since it told last, about once a second. */
export interface SpansTold {
  readonly type: 'spans';
  readonly exported: number;
  readonly dropped: number;
  /** Why the last export failed; undefined: it did not. */
  readonly problem: string | undefined;
  /** What it had was exported, or given up, as it was asked to. */
  readonly isFlushed: boolean;
}

export function isSpansTold(message: unknown): message is SpansTold {
  return (
    typeof message === 'object' && message !== null && 'type' in message && message.type === 'spans'
  );
}
