/** Says how old the data is, whenever it is older than it should be. */
import { span } from '../format/times.ts';
import type { StreamState } from '../live/live-store.ts';
import { useLive, useNow } from '../live/use-live.ts';

/** The server says something every 2 s. */
const fineMs = 4_000;

export function StreamBanner() {
  const { view, stream, heardAtMs } = useLive();
  const nowMs = useNow();
  const ageMs = nowMs - heardAtMs;
  const text = view
    ? warning(stream, ageMs)
    : 'why' in stream
      ? `Not connected: ${stream.why}`
      : undefined;
  return (
    <div role="status" className="banner-place">
      {text !== undefined && <p className="banner">{text}</p>}
    </div>
  );
}

/** Undefined while what is shown is as it is. Exported for tests. */
export function warning(stream: StreamState, ageMs: number): string | undefined {
  const age = `Data is ${span(Math.round(ageMs / 1_000) * 1_000)} old`;
  switch (stream.kind) {
    case 'stale':
      return `${age}: the coordinator cannot read Redis (${stream.why}). Workers go on by themselves; states here may have changed.`;
    case 'broken':
      return ageMs < fineMs ? undefined : `${age}: ${stream.why}. Connecting again …`;
    case 'resting':
      // Looked at again: the stream is being opened.
      return undefined;
    case 'refused':
      return `${age}: ${stream.why}`;
    default:
      return ageMs < fineMs ? undefined : `${age}: nothing came since. Waiting …`;
  }
}
