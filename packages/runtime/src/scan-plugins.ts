/**
 * Describes plugin modules without running their code in this thread: they are imported in short-lived
 * worker threads. A module that blocks or crashes its thread costs only itself: the thread is ended, the
 * module becomes a failure, and the modules after it are scanned in the next thread.
 */
import { Worker } from 'node:worker_threads';

import { systemClock, type Timer, toError } from '@sluice/kernel';

import type { PluginDescription, PluginFailure } from './plugin-registry.ts';

export interface ScanPluginsOptions {
  /** For one module. Default 10 000. */
  readonly timeoutMs?: number;
  /** Where relative paths and packages are looked for. Default: the working directory. */
  readonly baseDirectory?: string;
}

export interface PluginScan {
  readonly plugins: readonly PluginDescription[];
  readonly failures: readonly PluginFailure[];
  /** What can be given to `loadPlugins` without a surprise: imported in time, with a connector in it. */
  readonly usable: readonly string[];
}

/** What the scan thread is given, and what it tells. */
export interface ScanTask {
  readonly specifiers: readonly string[];
  readonly importLimitMs: number;
  readonly baseDirectory: string;
}

export type ScanMessage =
  | { readonly kind: 'importing'; readonly specifier: string }
  | {
      readonly kind: 'imported';
      readonly specifier: string;
      readonly plugins: readonly PluginDescription[];
      readonly failures: readonly PluginFailure[];
    };

/** A blocked thread is noticed this much after the module's own limit, which a thread that turns keeps itself. */
const blockedMarginMs = 1_000;

/** Never rejects: whatever goes wrong is in `failures`. */
export async function scanPlugins(
  specifiers: readonly string[],
  options: ScanPluginsOptions = {},
): Promise<PluginScan> {
  const limitMs = options.timeoutMs ?? 10_000;
  const baseDirectory = options.baseDirectory ?? process.cwd();
  const plugins = new Map<string, { description: PluginDescription; specifier: string }>();
  const failures: PluginFailure[] = [];
  const usable: string[] = [];
  let left = [...new Set(specifiers)];
  while (left.length > 0) {
    const task: ScanTask = { specifiers: left, importLimitMs: limitMs, baseDirectory };
    const broken = await scanInThread(task, limitMs, (message) => {
      left = left.filter((specifier) => specifier !== message.specifier);
      failures.push(...message.failures);
      if (message.plugins.length > 0) usable.push(message.specifier);
      for (const description of message.plugins) {
        const known = plugins.get(description.class);
        if (!known) plugins.set(description.class, { description, specifier: message.specifier });
        else failures.push(duplicate(description.class, message.specifier, known.specifier));
      }
    });
    if (!broken) break;
    left = left.filter((specifier) => specifier !== broken.specifier);
    failures.push(broken);
  }
  return {
    plugins: [...plugins.values()].map(({ description }) => description),
    failures,
    usable,
  };
}

/** Resolves with the module that broke the thread, if one did. */
function scanInThread(
  task: ScanTask,
  limitMs: number,
  onImported: (message: ScanMessage & { kind: 'imported' }) => void,
): Promise<PluginFailure | undefined> {
  const isSource = import.meta.url.endsWith('.ts');
  const thread = new Worker(new URL(`./scan-thread.${isSource ? 'ts' : 'js'}`, import.meta.url), {
    name: 'sluice-plugin-scan',
    workerData: task,
    ...(isSource ? { execArgv: ['--conditions=@sluice/source'] } : {}),
  });
  const ended = Promise.withResolvers<PluginFailure | undefined>();
  let current: string | undefined;
  let timer: Timer | undefined;
  const end = (what?: string): void => {
    timer?.cancel();
    const specifier = current ?? task.specifiers[0] ?? '';
    ended.resolve(
      what === undefined ? undefined : { specifier, error: `plugin module ${specifier} ${what}` },
    );
  };
  const watch = (): void => {
    timer?.cancel();
    timer = systemClock.after(limitMs + blockedMarginMs, () =>
      end(
        `blocked its thread for more than ${limitMs} ms while it was imported: it must not do more than define its connectors`,
      ),
    );
  };
  watch();
  thread.on('message', (message: ScanMessage) => {
    watch();
    if (message.kind === 'importing') current = message.specifier;
    else onImported(message);
  });
  thread.on('error', (error) =>
    end(
      `threw while it was imported: ${toError(error).message}. It must not do more than define its connectors`,
    ),
  );
  thread.on('exit', (code) =>
    end(code === 0 ? undefined : `ended its thread with exit code ${code} while it was imported`),
  );
  return ended.promise.finally(() => {
    // Not waited for: a thread in a system call ends only after it.
    void thread.terminate();
  });
}

function duplicate(className: string, specifier: string, used: string): PluginFailure {
  return {
    specifier,
    error:
      `plugin class '${className}' of ${specifier} is also defined by ${used}, which is used: ` +
      'give one of them another class, or remove one of the modules',
  };
}
