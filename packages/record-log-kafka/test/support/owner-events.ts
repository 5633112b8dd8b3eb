import type { TopicPartition, WriterIdentity } from '@sluice/record-log';
import { type NodeProcess, spawnNode, waitFor } from '@sluice/testkit';

/** What `owner-process.ts` is to do. */
export interface OwnerTask {
  readonly kind: 'sink' | 'source' | 'transactions';
  readonly brokers: readonly string[];
  readonly cluster: string;
  readonly identity: WriterIdentity;
  readonly group: string;
  readonly partition: TopicPartition;
  readonly connector: string;
  readonly source: Readonly<Record<string, unknown>>;
}

/** What it tells. `brokerCode`: what the broker refused it with, before it learnt of the newer fence. */
export type OwnerEvent =
  | { readonly type: 'opened' }
  | { readonly type: 'done'; readonly number: number }
  | {
      readonly type: 'refused';
      readonly code: string;
      readonly brokerCode: number | undefined;
    };

export class OwnerProcess {
  readonly process: NodeProcess;

  constructor(task: OwnerTask) {
    this.process = spawnNode('packages/record-log-kafka/test/support/owner-process.ts', {
      args: [JSON.stringify(task)],
      name: `owner with fence ${task.identity.fence}`,
    });
  }

  /** The highest number that it was told to be done. */
  get done(): number {
    return Math.max(0, ...this.#events().flatMap((e) => (e.type === 'done' ? [e.number] : [])));
  }

  async untilDone(number: number): Promise<void> {
    await waitFor(() => this.done >= number || this.process.hasExited, {
      what: `${number} of ${this.process.name}`,
      timeoutMs: 30_000,
    });
    if (this.done < number) throw new Error(this.process.describe());
  }

  async untilRefused(): Promise<OwnerEvent> {
    return await waitFor(() => this.#events().find(({ type }) => type === 'refused'), {
      what: `${this.process.name} to be refused`,
      timeoutMs: 30_000,
    });
  }

  #events(): OwnerEvent[] {
    const lines = this.process.stdout.split('\n').filter((line) => line.endsWith('}'));
    return lines.map((line) => JSON.parse(line) as OwnerEvent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.kill('SIGKILL');
  }
}
