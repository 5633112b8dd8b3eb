export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/**
 * Which batches READ_COMMITTED must not see. A fetch response lists each aborted transaction with its first
 * offset; it ends at the abort marker of its producer, which may come in a later response. One producer may
 * have several in one response.
 */
export class AbortedTransactions {
  /** By first offset, those not begun yet last. */
  readonly #listed: readonly AbortedTransaction[];
  #begun = 0;
  readonly #open = new Set<number>();

  constructor(listed: readonly AbortedTransaction[]) {
    this.#listed = [...listed].sort((one, other) => one.firstOffset - other.firstOffset);
  }

  /** Of the transactional batches, in their order. A producer's marker ends what it had open. */
  has(producerId: number, lastOffset: number, isMarker: boolean): boolean {
    for (;;) {
      const transaction = this.#listed[this.#begun];
      if (transaction === undefined || transaction.firstOffset > lastOffset) break;
      this.#open.add(transaction.producerId);
      this.#begun += 1;
    }
    if (isMarker) return this.#open.delete(producerId);
    return this.#open.has(producerId);
  }
}
