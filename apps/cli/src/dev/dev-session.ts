/**
 * `sluice dev` for its whole life: runs the module, and when one of its files is saved, runs it anew from
 * the offsets that it had reached. A module that cannot run waits for a fix, unless watching is off.
 */
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import type { SourceOffset } from '@sluice/record-log';

import { exitCodes } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type DevOutcome, DevThread } from './dev-thread.ts';
import { FileWatch } from './file-watch.ts';
import { InputLines } from './input-lines.ts';
import type { DevTask, FromThread, ShownRecord } from './messages.ts';

export interface DevOptions extends Omit<DevTask, 'offsets'> {
  readonly watch: boolean;
  readonly json: boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly input: Readable;
}

type Next = { readonly kind: 'stop' } | { readonly kind: 'changed'; readonly path: string };

export class DevSession {
  readonly #options: DevOptions;
  readonly #io: Pick<Io, 'out' | 'err'>;
  readonly #files: FileWatch;
  #next = Promise.withResolvers<Next>();
  #thread: DevThread | undefined;
  #offsets: readonly SourceOffset[] = [];
  readonly #lines = new InputLines((lines) => this.#thread?.input(lines));
  /** Since the last reload. */
  #recordsSeen = 0;

  constructor(options: DevOptions, io: Pick<Io, 'out' | 'err'>) {
    this.#options = options;
    this.#io = io;
    this.#files = new FileWatch((path) => this.#next.resolve({ kind: 'changed', path }));
  }

  /** Resolves with the exit code. */
  async run(): Promise<number> {
    const { signal, watch, module } = this.#options;
    const onAbort = (): void => this.#next.resolve({ kind: 'stop' });
    signal.addEventListener('abort', onAbort, { once: true });
    if (watch) this.#files.add(module);
    try {
      for (;;) {
        const next = await this.#runOnce();
        if (typeof next === 'number') return next;
        if (next.kind === 'stop' || signal.aborted) return exitCodes.ok;
        this.#next = Promise.withResolvers<Next>();
        this.#io.err(`${basename(next.path)} was saved: reloading`);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#files.close();
      this.#lines.stop();
    }
  }

  /** Until the module has to be reloaded or everything ends; a number is the exit code. */
  async #runOnce(): Promise<Next | number> {
    const { module, connectorClass, config, watch } = this.#options;
    const task: DevTask = { module, connectorClass, config, offsets: this.#offsets };
    const thread = new DevThread(task, (message) => this.#receive(message));
    this.#thread = thread;
    this.#recordsSeen = 0;
    const first = await Promise.race([this.#next.promise, thread.outcome]);
    this.#lines.closed();
    if (first.kind === 'stop' || first.kind === 'changed') {
      this.#keepOffsets(await thread.stop());
      return first;
    }
    this.#keepOffsets(first);
    if (first.kind === 'ended') return exitCodes.ok;
    this.#io.err(`error: ${basename(module)} ${describeFailure(first)}`);
    if (!watch) return first.stage === 'run' ? exitCodes.failed : exitCodes.invalid;
    this.#io.err('waiting for the file to be saved; Ctrl-C ends');
    return this.#next.promise;
  }

  #keepOffsets(outcome: DevOutcome): void {
    if (outcome.kind === 'ended') this.#offsets = outcome.offsets;
  }

  #receive(message: FromThread): void {
    const { watch, json } = this.#options;
    switch (message.kind) {
      case 'file':
        if (watch) this.#files.add(message.path);
        return;
      case 'started':
        this.#io.err(startedText(message, watch));
        if (message.inputTopic !== undefined) this.#lines.open(this.#options.input);
        return;
      case 'records':
        for (const record of message.records) {
          this.#io.out(json ? recordJson(record) : recordText(record));
        }
        this.#recordsSeen += message.records.length + message.skipped;
        this.#endWithInput();
        if (message.skipped > 0) this.#io.err(`… and ${message.skipped} records too fast to show`);
        return;
      case 'log':
        this.#io.err(`${message.level}: ${message.text}`);
        return;
      case 'input-stored':
        this.#lines.stored();
        this.#endWithInput();
        return;
      case 'failed':
      case 'ended':
        return;
    }
  }

  /** A sink that was fed from a file or pipe has done its work when it has put every line. */
  #endWithInput(): void {
    const { total } = this.#lines;
    const isDone = total !== undefined && this.#recordsSeen >= total;
    if (!this.#options.watch && isDone) this.#next.resolve({ kind: 'stop' });
  }
}

function describeFailure({ stage, message }: Extract<DevOutcome, { kind: 'failed' }>): string {
  switch (stage) {
    case 'load':
      return message;
    case 'config':
      return `does not accept its configuration (set it with --config key=value):\n${message}`;
    case 'run':
      return `failed:\n${message}`;
  }
}

function startedText(
  { name, version, type, inputTopic }: Extract<FromThread, { kind: 'started' }>,
  watch: boolean,
): string {
  const reload = watch ? '; it is reloaded when it is saved' : '';
  const input =
    inputTopic === undefined ? '' : `\neach line of input becomes a record of topic ${inputTopic}`;
  return `${type} ${name} ${version} runs, with a log in memory${reload}${input}`;
}

function recordText({ topic, key, value, offset }: ShownRecord): string {
  return `${topic}  ${key}  ${value}${offset === undefined ? '' : `  offset ${offset}`}`;
}

function recordJson({ topic, partition, logOffset, key, value, offset }: ShownRecord): string {
  // Key and value are JSON already.
  const fields = [
    `"topic":${JSON.stringify(topic)}`,
    `"partition":${partition}`,
    `"logOffset":${logOffset}`,
    `"key":${key}`,
    `"value":${value}`,
    ...(offset === undefined ? [] : [`"offset":${offset}`]),
  ];
  return `{${fields.join(',')}}`;
}
