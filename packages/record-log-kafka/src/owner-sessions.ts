import type { WriterIdentity } from '@sluice/record-log';

import type { KafkaCluster } from './cluster.ts';
import type { FenceRegister } from './fence-register.ts';
import type { CompiledKafkaLogOptions } from './options.ts';
import { OwnerSession } from './owner-session.ts';
import type { ProducePipeline } from './produce-pipeline.ts';

export interface OwnerSessionsParts {
  readonly cluster: KafkaCluster;
  readonly options: CompiledKafkaLogOptions;
  readonly register: FenceRegister;
  readonly pipeline: ProducePipeline;
}

/** The sessions of one client: a writer and a reader of the same owner share one, or they would fence each other. */
export class OwnerSessions {
  readonly #cluster: KafkaCluster;
  readonly #options: CompiledKafkaLogOptions;
  readonly #register: FenceRegister;
  readonly #pipeline: ProducePipeline;
  readonly #sessions = new Map<string, { readonly session: OwnerSession; users: number }>();

  constructor({ cluster, options, register, pipeline }: OwnerSessionsParts) {
    this.#cluster = cluster;
    this.#options = options;
    this.#register = register;
    this.#pipeline = pipeline;
  }

  /** An open session. @throws `log.fenced`, `log.unreachable`. */
  async acquire(identity: WriterIdentity): Promise<OwnerSession> {
    const call = this.#cluster.begin();
    const name = nameOf(identity);
    let entry = this.#sessions.get(name);
    if (!entry) {
      const session = new OwnerSession(
        identity,
        this.#cluster,
        this.#options,
        (registering, opened) => this.#register.register(registering, opened),
      );
      entry = { session, users: 0 };
      this.#sessions.set(name, entry);
    }
    entry.users += 1;
    try {
      await entry.session.open(call);
    } catch (error) {
      this.release(entry.session);
      throw error;
    }
    return entry.session;
  }

  release(session: OwnerSession): void {
    const name = nameOf(session.identity);
    const entry = this.#sessions.get(name);
    if (entry?.session !== session) return;
    entry.users -= 1;
    if (entry.users > 0) return;
    this.#sessions.delete(name);
    this.#pipeline.forget(session);
  }
}

function nameOf({ id, fence }: WriterIdentity): string {
  return `${fence}@${id}`;
}
