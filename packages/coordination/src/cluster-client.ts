/** What the REST API and the CLI work with: fresh snapshots, and requests with their results. */
import type { ClusterEvent } from './model.ts';
import type { RequestBody, RequestResult } from './requests.ts';
import type { ClusterSnapshot } from './snapshot.ts';

export type SubmitOutcome =
  | RequestResult
  /** Stored, not applied within the time: it will be when a leader is there. */
  | { readonly kind: 'pending'; readonly requestId: string; readonly reason: string };

export interface ClusterClient {
  /** As of now: one round trip to the store. @throws SluiceError `store.unreachable`. */
  snapshot(): Promise<ClusterSnapshot>;
  /** Stores the request, wakes the leader, waits up to `timeoutMs` for the result. */
  submit(
    body: RequestBody,
    options: { timeoutMs: number; requestId?: string },
  ): Promise<SubmitOutcome>;
  taskConfigs(connector: string): Promise<readonly Readonly<Record<string, string>>[]>;
  /** Newest first. */
  events(max: number): Promise<ClusterEvent[]>;
  ping(): Promise<void>;
}
