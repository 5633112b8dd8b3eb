/** A binary heap of events, earliest first; of the same time, the one scheduled first. */
export interface TimedEvent {
  readonly atMs: number;
  readonly sequence: number;
  readonly action: () => void;
  isCancelled: boolean;
}

export class EventHeap {
  readonly #events: TimedEvent[] = [];

  push(event: TimedEvent): void {
    const events = this.#events;
    let index = events.length;
    events.push(event);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = events[parentIndex];
      if (!parent || !isBefore(event, parent)) break;
      events[index] = parent;
      index = parentIndex;
    }
    events[index] = event;
  }

  /** The earliest, unless it is later than that. */
  popUntil(untilMs: number): TimedEvent | undefined {
    const [first] = this.#events;
    if (!first || first.atMs > untilMs) return undefined;
    const last = this.#events.pop();
    if (last && last !== first) this.#sink(last);
    return first;
  }

  /** Puts an event at the top, and down to where it belongs. */
  #sink(event: TimedEvent): void {
    const events = this.#events;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = events[childIndex];
      const right = events[childIndex + 1];
      if (child && right && isBefore(right, child)) {
        child = right;
        childIndex++;
      }
      if (!child || !isBefore(child, event)) break;
      events[index] = child;
      index = childIndex;
    }
    events[index] = event;
  }
}

function isBefore(a: TimedEvent, b: TimedEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}
