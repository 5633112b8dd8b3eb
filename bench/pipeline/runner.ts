/** One way from values to bytes, or back: batch after batch, always the same ones. */
export interface Runner {
  readonly batches: number;
  /** Returns how many records it was. */
  run(batch: number): number | Promise<number>;
  /** What the records of the first batch become, as `Answer` has it. */
  results(): Promise<readonly Uint8Array[]>;
}
