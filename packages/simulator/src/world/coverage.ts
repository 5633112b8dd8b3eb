/** How often each fault and each reply of a script occurred: a fault that never happens tests nothing. */
export class Coverage {
  readonly counts = new Map<string, number>();

  add(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  merge(others: Iterable<readonly [string, number]>): void {
    for (const [what, times] of others) this.add(what, times);
  }
}
