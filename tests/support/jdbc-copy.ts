/**
 * A table that is copied from one database into another by query mode: into a table that has each row as it is, and into
 * a history that has each record of the topic once.
 */
import type { Cluster, DatabaseHandle } from '@sluice/testkit';
import { waitFor } from '@sluice/testkit';
import { clusterState } from './cluster-facts.ts';

export interface Copy {
  readonly cluster: Cluster;
  readonly source: DatabaseHandle;
  readonly target: DatabaseHandle;
  /** Ports of proxies in front of them. */
  readonly sourcePort?: number;
  readonly targetPort?: number;
}

export class JdbcCopy {
  readonly #copy: Copy;
  readonly #from: string;
  readonly #to: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly name: string;

  private constructor(
    copy: Copy,
    name: string,
    from: string,
    to: string,
    settings: Readonly<Record<string, string>>,
  ) {
    this.#copy = copy;
    this.name = name;
    this.#from = from;
    this.#to = to;
    this.#settings = settings;
  }

  static async start(
    copy: Copy,
    name: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<JdbcCopy> {
    const from = await copy.source.createDatabase('from');
    const to = await copy.target.createDatabase('to');
    const started = new JdbcCopy(copy, name, from, to, settings);
    await started.#createTables();
    await started.#apply();
    return started;
  }

  /** New rows, and changes of rows that are there. */
  async change(rows: number, n: number): Promise<void> {
    const isPostgres = isPostgresUrl(this.#from);
    const now = isPostgres ? 'clock_timestamp()' : 'CURRENT_TIMESTAMP(6)';
    const values = Array.from({ length: 20 }, () => `(${String(n)}, ${now})`);
    await this.#sqlFrom(`INSERT INTO orders (n, at) VALUES ${values.join(', ')}`);
    await this.#sqlFrom(
      `UPDATE orders SET n = ${String(n)}, at = ${now} WHERE id % 17 = ${String(rows % 17)}`,
    );
  }

  /** Until the target has each row as the source has it; the limit is for standing still. Returns how many there are. */
  async untilEqual(timeoutMs = 60_000): Promise<number> {
    const rows = 'SELECT id, n FROM orders ORDER BY id';
    const expected = await this.#sqlFrom(rows);
    await waitFor(async () => await this.sqlTo(rows), {
      what: `${this.name}: each row to be as it is at the source`,
      until: (seen) => seen === expected,
      progress: (seen) => seen,
      explain: () => clusterState(this.#copy.cluster),
      timeoutMs,
      intervalMs: 200,
    });
    return expected.split('\n').length;
  }

  /** By partition of the topic: how many records are in the history, which they are, and the last one's offset. */
  async history(): Promise<
    { readonly count: number; readonly different: number; readonly end: number }[]
  > {
    const text = await this.sqlTo(
      'SELECT count(*), count(DISTINCT record_offset), max(record_offset) + 1 FROM history GROUP BY record_partition',
    );
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [count = 0, different = 0, end = 0] = line.split('\t').map(Number);
        return { count, different, end };
      });
  }

  async sqlTo(text: string): Promise<string> {
    return await this.#copy.target.sql(text, new URL(this.#to).pathname.slice(1));
  }

  async #sqlFrom(text: string): Promise<string> {
    return await this.#copy.source.sql(text, new URL(this.#from).pathname.slice(1));
  }

  async #createTables(): Promise<void> {
    const id = isPostgresUrl(this.#from)
      ? 'id SERIAL PRIMARY KEY'
      : 'id INT AUTO_INCREMENT PRIMARY KEY';
    await this.#sqlFrom(`CREATE TABLE orders (${id}, n INT NOT NULL, at TIMESTAMP(6) NOT NULL)`);
    await this.sqlTo('CREATE TABLE orders (id INT PRIMARY KEY, n INT)');
    // Without a key, so that what comes twice is there twice.
    await this.sqlTo(
      'CREATE TABLE history (record_topic VARCHAR(100), record_partition INT, record_offset BIGINT, id INT, n INT)',
    );
  }

  async #apply(): Promise<void> {
    const { cluster, sourcePort, targetPort } = this.#copy;
    const topic = `${this.name}-orders`;
    const converters = {
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    };
    await cluster.apply(`${this.name}-source`, {
      ...converters,
      ...connectionOf(this.#from, sourcePort),
      'connector.class': 'JdbcSource',
      mode: 'timestamp+incrementing',
      'timestamp.column.name': 'at',
      'timestamp.delay.interval.ms': '500',
      'poll.interval.ms': '100',
      'batch.max.rows': '50',
      'topic.prefix': `${this.name}-`,
      transforms: 'key',
      'transforms.key.type': 'org.apache.kafka.connect.transforms.ValueToKey',
      'transforms.key.fields': 'id',
      ...this.#settings,
    });
    const sink = {
      ...converters,
      ...connectionOf(this.#to, targetPort),
      'connector.class': 'JdbcSink',
      'tasks.max': '2',
      topics: topic,
      'fields.whitelist': 'id,n',
      'retry.backoff.ms': '500',
      ...this.#settings,
    };
    await cluster.apply(`${this.name}-rows`, {
      ...sink,
      'table.name.format': 'orders',
      'insert.mode': 'upsert',
      'pk.mode': 'record_key',
      'pk.fields': 'id',
    });
    await cluster.apply(`${this.name}-history`, {
      ...sink,
      'table.name.format': 'history',
      'pk.mode': 'kafka',
      'pk.fields': 'record_topic,record_partition,record_offset',
      'exactly.once.offsets.table': 'sluice_offsets',
    });
  }
}

function isPostgresUrl(url: string): boolean {
  return url.startsWith('postgres');
}

function connectionOf(url: string, port?: number): Record<string, string> {
  const { hostname, password, pathname, port: own, username } = new URL(url);
  const system = isPostgresUrl(url) ? 'postgresql' : 'mariadb';
  return {
    'connection.url': `jdbc:${system}://${hostname}:${String(port ?? own)}${pathname}`,
    'connection.user': username,
    'connection.password': password,
    'connection.attempts': '1',
  };
}
