/** Database servers as tests use them: one that is there already, and one that the test has started. */
import { newShortId } from '@sluice/kernel';
import type { DatabaseProcess } from './database-process.ts';

/** How a server is spoken to: by its own client. */
export interface DatabaseClient {
  /** As the administrator whom the URL names; the URL's database unless another is named. */
  sql(url: URL, text: string, database?: string): Promise<string>;
  /** The statement that makes a database. */
  createDatabase(name: string): string;
}

/** What tests do with a database server, whether they started it or not. */
export class DatabaseServer {
  /** Of its administrator, with the password. */
  readonly url: string;
  readonly #client: DatabaseClient;

  constructor(url: string, client: DatabaseClient) {
    this.url = url;
    this.#client = client;
  }

  /** Runs SQL by the server's own client as the administrator, and returns its rows: tabs between columns. */
  async sql(text: string, database?: string): Promise<string> {
    const output = await this.#client.sql(new URL(this.url), text, database);
    return output.replace(/\n$/, '');
  }

  /** A new, empty database with a name that no other test has, `orders_k3x9q`; its URL. */
  async createDatabase(prefix: string): Promise<string> {
    const name = `${prefix}_${newShortId()}`;
    await this.sql(this.#client.createDatabase(name));
    const url = new URL(this.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** One that may be killed, and comes back with its data. */
export class DatabaseHandle extends DatabaseServer {
  readonly #server: DatabaseProcess;

  constructor(server: DatabaseProcess, url: string, client: DatabaseClient) {
    super(url, client);
    this.#server = server;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Of the process that runs now, or ran last. */
  get pid(): number {
    return this.#server.pid;
  }

  /** What the server has printed, its last 64 KiB. */
  output(): string {
    return this.#server.output();
  }

  /** SIGKILL is a crash (of PostgreSQL SIGQUIT, too), SIGSTOP and SIGCONT freeze and go on. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#server.kill(signal);
  }

  /** Ends it as a restart would; it keeps its data for `start`. */
  async end(): Promise<void> {
    await this.#server.end();
  }

  /** On the same port and folder, after ending it if it still runs. */
  async start(): Promise<void> {
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server.remove();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
