import type { OffsetStore, PartitionLag } from '@sluice/rest-api';

type Call = readonly [method: keyof OffsetStore, connector: string, ...args: unknown[]];

/** Remembers what it was asked, and can be made to do something or to fail when it is. */
export class FakeOffsets implements OffsetStore {
  readonly calls: Call[] = [];
  listed: Awaited<ReturnType<OffsetStore['list']>> = [];
  behind: PartitionLag[] = [];
  onChange: (() => void) | undefined;

  list: OffsetStore['list'] = async ({ name }) => {
    this.#note('list', name);
    return this.listed;
  };

  lag: OffsetStore['lag'] = async ({ name }) => {
    this.#note('lag', name);
    return { group: `connect-${name}`, partitions: this.behind };
  };

  alterSource: OffsetStore['alterSource'] = async ({ name }, owner, offsets) => {
    this.#note('alterSource', name, owner, offsets);
    this.onChange?.();
  };

  alterSink: OffsetStore['alterSink'] = async ({ name }, owner, offsets) => {
    this.#note('alterSink', name, owner, offsets);
    this.onChange?.();
  };

  reset: OffsetStore['reset'] = async ({ name }, owner) => {
    this.#note('reset', name, owner);
    this.onChange?.();
  };

  #note(...call: Call): void {
    this.calls.push(call);
  }
}
