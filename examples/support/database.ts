import type { DatabaseServer } from '@sluice/testkit';

/** A database of its own on a server. */
export class Database {
  readonly url: URL;
  readonly #server: DatabaseServer;

  private constructor(server: DatabaseServer, url: string) {
    this.#server = server;
    this.url = new URL(url);
  }

  static async create(server: DatabaseServer, prefix: string): Promise<Database> {
    return new Database(server, await server.createDatabase(prefix));
  }

  get name(): string {
    return this.url.pathname.slice(1);
  }

  async run(sql: string): Promise<void> {
    await this.#server.sql(sql, this.name);
  }

  async rows(query: string): Promise<string[][]> {
    const text = await this.#server.sql(query, this.name);
    return text === '' ? [] : text.split('\n').map((line) => line.split('\t'));
  }
}
