/** A capture that is polled without a worker, and what its tests ask of it. */
import type { ConnectorConfig, SourcePlugin } from '@sluice/connector-api';
import { PolledSource, type PolledSourceOptions } from '@sluice/connector-testkit';
import { mariadbConnector } from '../src/index.ts';

export interface Envelope {
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly source: Record<string, unknown>;
  readonly op: string;
}

let serverIds = 5000;

/** Keys of a definition for the database behind this URL. */
export function configOf(url: string, more: ConnectorConfig = {}): ConnectorConfig {
  const { hostname, password, pathname, port, username } = new URL(url);
  serverIds += 1;
  return {
    'connector.class': 'io.debezium.connector.mariadb.MariaDbConnector',
    'database.hostname': hostname,
    'database.port': port,
    'database.user': decodeURIComponent(username),
    'database.password': decodeURIComponent(password),
    'database.server.id': String(serverIds),
    'database.include.list': pathname.slice(1),
    'topic.prefix': 'shop',
    ...more,
  };
}

export interface CaptureOptions extends PolledSourceOptions {
  /** Default: MariaDB's. */
  readonly plugin?: SourcePlugin;
}

export class Capture extends PolledSource {
  static async start(
    config: ConnectorConfig,
    { plugin = mariadbConnector, ...options }: CaptureOptions = {},
  ): Promise<Capture> {
    const capture = new Capture(plugin, config, { connector: 'shop', ...options });
    await capture.start();
    return capture;
  }

  /** Envelopes of a table, `database.item`, in their order. */
  changes(table: string): Envelope[] {
    return this.values(`shop.${table}`) as Envelope[];
  }

  async untilCount(table: string, count: number, limitMs?: number): Promise<Envelope[]> {
    const hasCome = (): boolean => this.changes(table).length >= count;
    await this.until(`${count} changes of ${table}`, hasCome, limitMs);
    return this.changes(table);
  }

  async untilStreaming(): Promise<void> {
    await this.until('the stream', () =>
      this.lines.some(({ message }) => message === 'streaming changes'),
    );
  }
}
