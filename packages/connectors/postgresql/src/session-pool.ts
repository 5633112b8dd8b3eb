/** The connections of one run: none outlives it. */
import { Session } from './client.ts';
import type { PostgresConfig } from './config.ts';

export class SessionPool {
  readonly #config: PostgresConfig;
  readonly #signal: AbortSignal;
  readonly #sessions = new Set<Session>();
  #sql: Session | undefined;

  constructor(config: PostgresConfig, signal: AbortSignal) {
    this.#config = config;
    this.#signal = signal;
  }

  /** The one for what is asked now and then; opened again after it broke. */
  async sql(): Promise<Session> {
    if (this.#sql && !this.#sql.isBroken) return this.#sql;
    if (this.#sql) await this.close(this.#sql);
    this.#sql = await this.open();
    return this.#sql;
  }

  async open(): Promise<Session> {
    return this.#keep(await Session.open({ config: this.#config, signal: this.#signal }));
  }

  async openReplication(): Promise<Session> {
    const shared = { config: this.#config, signal: this.#signal };
    return this.#keep(await Session.open({ ...shared, replication: true, queryLimitMs: 0 }));
  }

  async close(session: Session): Promise<void> {
    this.#sessions.delete(session);
    await session.close();
  }

  /** In order, unless the task is told to stop, which has to be quick. */
  async closeAll(): Promise<void> {
    const sessions = [...this.#sessions];
    this.#sessions.clear();
    if (!this.#signal.aborted) await Promise.all(sessions.map((session) => session.close()));
    for (const session of sessions) session.destroy();
  }

  #keep(session: Session): Session {
    this.#sessions.add(session);
    return session;
  }
}
