/**
 * One case on one target: connectors, topics and files of its own, named so that no other case has them, and removed
 * afterwards. Topics stay; they go with their Kafka.
 */
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newShortId } from '@sluice/kernel';
import { makeOwnedFolder, waitFor } from '@sluice/testkit';
import { ConnectorHandle } from './connector.ts';
import type { LogView, TopicConfig } from './log-view.ts';
import type { SunkRecord } from './plugins/records-sink.ts';
import type { FailLine, RecordLine } from './plugins/records-source.ts';
import type { ConnectorSettings, Target, TargetName } from './targets/target.ts';

const arriveLimitMs = 30_000;

export class Trial {
  readonly target: Target;
  readonly log: LogView;
  readonly #id = newShortId();
  readonly #folder = makeOwnedFolder('conformance');
  readonly #connectors: ConnectorHandle[] = [];
  readonly #difference: string | undefined;
  #hasDiffered = false;

  /** `difference`: the case names a row, so that `on` may be asked. */
  constructor(target: Target, log: LogView, difference?: string) {
    this.target = target;
    this.log = log;
    this.#difference = difference;
  }

  /** Whether the case has asked for what the targets do differently. */
  get hasDiffered(): boolean {
    return this.#hasDiffered;
  }

  /** What is expected of this target. Only for a case that names its row of docs/COMPATIBILITY.md. */
  on<Type>(expected: Readonly<Record<TargetName, Type>>): Type {
    if (this.#difference === undefined)
      throw new Error('the case expects a difference and names no row of docs/COMPATIBILITY.md');
    this.#hasDiffered = true;
    return expected[this.target.name];
  }

  /** A name of this case alone, for a topic or a connector. */
  name(what: string): string {
    return `${what}-${this.#id}`;
  }

  async topic(what = 'records', partitions = 1, config: TopicConfig = {}): Promise<string> {
    const name = this.name(what);
    await this.log.create(name, partitions, config);
    return name;
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  writeLines(name: string, lines: readonly string[]): string {
    const path = this.path(name);
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    return path;
  }

  appendLines(name: string, lines: readonly string[]): void {
    appendFileSync(this.path(name), lines.map((line) => `${line}\n`).join(''));
  }

  remove(name: string): void {
    rmSync(this.path(name), { force: true });
  }

  /** Complete lines, once there are so many. */
  async linesOf(name: string, count: number): Promise<string[]> {
    return await waitFor(() => this.lines(name), {
      what: `${String(count)} lines in ${name}`,
      until: (lines) => lines.length >= count,
      timeoutMs: arriveLimitMs,
    });
  }

  /** Those that are there. */
  lines(name: string): string[] {
    const path = this.path(name);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  }

  async start(what: string, config: ConnectorSettings): Promise<ConnectorHandle> {
    const connector = this.connector(what);
    await connector.apply(config);
    return connector;
  }

  /** One that is to be defined; deleted afterwards. */
  connector(what: string): ConnectorHandle {
    const connector = new ConnectorHandle(this.name(what), this.target.api, this.log);
    this.#connectors.push(connector);
    return connector;
  }

  /** A RecordsSource that hands over these. */
  async source(
    lines: readonly (RecordLine | FailLine)[],
    config: ConnectorSettings,
  ): Promise<ConnectorHandle> {
    const file = this.writeLines(
      'source.jsonl',
      lines.map((line) => JSON.stringify(line)),
    );
    return await this.start('source', {
      'connector.class': 'io.sluice.conformance.RecordsSourceConnector',
      'records.file': file,
      ...config,
    });
  }

  /** A RecordsSink, whose records are those of `sunk`. */
  async sink(config: ConnectorSettings): Promise<ConnectorHandle> {
    return await this.start('sink', {
      'connector.class': 'io.sluice.conformance.RecordsSinkConnector',
      'records.file': this.path('sunk.jsonl'),
      ...config,
    });
  }

  /** What the sink was given, once it is so many. */
  async sunk(count: number): Promise<SunkRecord[]> {
    const lines = await this.linesOf('sunk.jsonl', count);
    return lines.map((line) => JSON.parse(line) as SunkRecord);
  }

  async end(): Promise<void> {
    await Promise.allSettled(this.#connectors.map((connector) => connector.delete()));
    // A connector that was let go at last may still write there.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
