/** The connections of one run: none outlives it. */
import { type ConnectOptions, Session } from './client.ts';
import type { MysqlConfig } from './config.ts';

/** Values are written as this connector reads them, whatever the server's settings are. */
const sessionSettings = [
  "time_zone = '+00:00'",
  "sql_mode = ''",
  'net_write_timeout = 600',
  'wait_timeout = 28800',
];

/** Of what is asked now and then, ms: a server that has stopped without a word is noticed by it. */
const smallQueryLimitMs = 60_000;

export class SessionPool {
  readonly #config: MysqlConfig;
  readonly #signal: AbortSignal;
  readonly #sessions = new Set<Session>();
  #sql: Session | undefined;

  constructor(config: MysqlConfig, signal: AbortSignal) {
    this.#config = config;
    this.#signal = signal;
  }

  /** The one for what is asked now and then; opened again after it broke. */
  async sql(): Promise<Session> {
    if (this.#sql && !this.#sql.isBroken) return this.#sql;
    if (this.#sql) await this.close(this.#sql);
    this.#sql = await this.open({ queryLimitMs: smallQueryLimitMs });
    return this.#sql;
  }

  async open(limits: Pick<ConnectOptions, 'queryLimitMs'> = {}): Promise<Session> {
    const session = await Session.open({ config: this.#config, signal: this.#signal, ...limits });
    this.#sessions.add(session);
    await session.query(`SET SESSION ${sessionSettings.join(', ')}`);
    return session;
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
}
