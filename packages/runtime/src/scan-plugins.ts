/**
 * Describes plugin modules without running their code in this thread: they are imported in short-lived
 * worker threads. A module that blocks or crashes its thread costs only itself: the thread is ended, the
 * module becomes a failure, and the modules after it are scanned in the next thread.
 */
import { Worker } from 'node:worker_threads';

import { systemClock, type Timer, toError } from '@sluice/kernel';

import { duplicate, identityOf, scanLimitMsDefault } from './load-plugins.ts';
import { moduleOf, type PluginModule } from './plugin-module.ts';
import type { PluginDescription, PluginFailure } from './plugin-registry.ts';

export interface ScanPluginsOptions {
  /** For one module. Default 20 000. */
  readonly timeoutMs?: number;
  /** Where relative paths and packages are looked for. Default: the working directory. */
  readonly baseDirectory?: string;
  /** Ends the scan; what was not scanned by then is in neither list. */
  readonly signal?: AbortSignal;
  /** Of the threads; default: this process's. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** What is in a module that could be imported in time. */
export interface ScannedModule {
  readonly module: PluginModule;
  readonly plugins: readonly PluginDescription[];
}

export interface PluginScan {
  /** In the order asked for; with at least one plugin each. */
  readonly modules: readonly ScannedModule[];
  readonly failures: readonly PluginFailure[];
}

/** What the scan thread is given, and what it tells. */
export interface ScanTask {
  readonly modules: readonly PluginModule[];
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
/** At least so long a thread may take to begin, which is no module's fault. */
const startLimitMs = 10_000;

/** Never rejects: whatever goes wrong is in `failures`. */
export async function scanPlugins(
  modules: readonly (string | PluginModule)[],
  options: ScanPluginsOptions = {},
): Promise<PluginScan> {
  const limitMs = options.timeoutMs ?? scanLimitMsDefault;
  const baseDirectory = options.baseDirectory ?? process.cwd();
  const scanned: ScannedModule[] = [];
  const failures: PluginFailure[] = [];
  const distinct = new Map(modules.map((each) => [moduleOf(each).specifier, moduleOf(each)]));
  let left = [...distinct.values()];
  while (left.length > 0 && !options.signal?.aborted) {
    const task: ScanTask = { modules: left, importLimitMs: limitMs, baseDirectory };
    const onImported: OnImported = ({ specifier, plugins, failures: failed }) => {
      const module = left.find((each) => each.specifier === specifier);
      left = left.filter((each) => each !== module);
      failures.push(...failed);
      if (module && plugins.length > 0) scanned.push({ module, plugins });
    };
    const broken = await scanInThread(task, limitMs, onImported, options);
    if (!broken) break;
    left = left.filter(({ specifier }) => specifier !== broken.specifier);
    failures.push(broken);
  }
  return { modules: scanned, failures };
}

/** Of modules that have the same class in the same version the first is used. */
export function withoutDuplicates(scanned: readonly ScannedModule[]): PluginScan {
  const usedOf = new Map<string, string>();
  const failures: PluginFailure[] = [];
  const modules = scanned.map(({ module, plugins }) => ({
    module,
    plugins: plugins.filter((plugin) => {
      const used = usedOf.get(identityOf(plugin));
      if (used === undefined) usedOf.set(identityOf(plugin), module.name);
      else failures.push(duplicate(plugin, module, used));
      return used === undefined;
    }),
  }));
  return { modules, failures };
}

type OnImported = (message: ScanMessage & { kind: 'imported' }) => void;

/** Resolves with the module that broke the thread, if one did. */
function scanInThread(
  task: ScanTask,
  limitMs: number,
  onImported: OnImported,
  { environment, signal }: ScanPluginsOptions,
): Promise<PluginFailure | undefined> {
  const isSource = import.meta.url.endsWith('.ts');
  const thread = new Worker(new URL(`./scan-thread.${isSource ? 'ts' : 'js'}`, import.meta.url), {
    name: 'sluice-plugin-scan',
    workerData: task,
    ...(environment ? { env: { ...environment } } : {}),
    ...(isSource ? { execArgv: ['--conditions=@sluice/source'] } : {}),
  });
  const ended = Promise.withResolvers<PluginFailure | undefined>();
  let current: PluginModule | undefined;
  let timer: Timer | undefined;
  const end = (what?: string): void => {
    timer?.cancel();
    const module = current ?? task.modules[0];
    ended.resolve(
      what === undefined || !module
        ? undefined
        : { specifier: module.specifier, error: `plugin module ${module.name} ${what}` },
    );
  };
  const watch = (afterMs = limitMs): void => {
    timer?.cancel();
    timer = systemClock.after(afterMs + blockedMarginMs, () =>
      end(
        `blocked its thread for more than ${afterMs} ms while it was imported: it must not do more than define its connectors`,
      ),
    );
  };
  watch(Math.max(limitMs, startLimitMs));
  const abort = (): void => end();
  signal?.addEventListener('abort', abort, { once: true });
  thread.on('message', (message: ScanMessage) => {
    watch();
    if (message.kind === 'importing') {
      current = task.modules.find(({ specifier }) => specifier === message.specifier);
    } else onImported(message);
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
    signal?.removeEventListener('abort', abort);
    // Not waited for: a thread in a system call ends only after it.
    void thread.terminate();
  });
}
