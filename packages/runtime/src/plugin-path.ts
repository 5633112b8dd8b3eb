/**
 * The plugins of a worker: modules that it was given, scanned once, and the packages of its plugin path, which may come,
 * change and go while it runs.
 *
 * What is seen of a package counts when it was seen twice in a row, one interval apart: a package that is being copied
 * or replaced is left alone until it has come to rest, and the one that was there before is kept meanwhile. A package
 * whose modules cannot be imported is tried again, less and less often, since what it lacks may lie elsewhere.
 *
 * Looking never runs code of a package; scanning does, in a thread with a time limit.
 */
import { type Clock, type Service, toError } from '@sluice/kernel';

import type { PluginIndex } from './plugin-index.ts';
import type { PluginModule } from './plugin-module.ts';
import { findPluginPackages, type PluginPackage } from './plugin-packages.ts';
import type { PluginDescription, PluginFailure } from './plugin-registry.ts';
import { type PluginScan, scanPlugins, withoutDuplicates } from './scan-plugins.ts';

export interface PluginPathOptions {
  /** Scanned once. Their plugins are used first. */
  readonly modules: readonly (string | PluginModule)[];
  readonly directories: readonly string[];
  readonly lookEveryMs: number;
  /** For one module; default as for `scanPlugins`. */
  readonly scanLimitMs?: number;
  readonly clock: Clock;
  /** Of the threads that scan; default: this process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What there is has changed. Must not throw. */
  readonly onChange: (inventory: PluginInventory) => void;
}

export interface PluginInventory {
  readonly plugins: readonly PluginDescription[];
  /** By the name of the module or package, once for each thing that is wrong. */
  readonly failures: readonly PluginFailure[];
  readonly index: PluginIndex;
}

/** What a look found at one place. */
type Sighting =
  | { readonly kind: 'package'; readonly package: PluginPackage }
  | { readonly kind: 'broken'; readonly error: string }
  | { readonly kind: 'gone' };

/** What is used of one place. */
interface Place {
  /** Of the last look. */
  seen: string;
  /** The sighting that `scan` was made from. */
  used: string | undefined;
  scan: PluginScan;
  retries: number;
  retryAtMs: number;
}

interface Due {
  readonly directory: string;
  readonly place: Place;
  readonly sighting: Sighting;
}

const nothing: PluginScan = { modules: [], failures: [] };
const retryMsMax = 60_000;

export class PluginPath implements Service {
  readonly #options: PluginPathOptions;
  readonly #stopping = new AbortController();
  /** By directory, in the order in which they were found. */
  readonly #places = new Map<string, Place>();
  #given: PluginScan = nothing;
  #running: Promise<void> | undefined;

  constructor(options: PluginPathOptions) {
    this.#options = options;
  }

  get inventory(): PluginInventory {
    return inventoryOf([this.#given, ...[...this.#places.values()].map(({ scan }) => scan)]);
  }

  /** Resolves when everything was scanned once. */
  async start(): Promise<void> {
    if (this.#running) return;
    const { modules, directories } = this.#options;
    this.#given = await this.#scan(modules);
    if (directories.length === 0) return;
    await this.#look('first');
    this.#running = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #watch(): Promise<void> {
    const { clock, lookEveryMs, onChange } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      await clock.sleep(lookEveryMs, signal).catch(() => {});
      if (signal.aborted) return;
      const hasChanged = await this.#look('again');
      // A scan that was cut short tells nothing.
      if (hasChanged && !signal.aborted) onChange(this.inventory);
    }
  }

  /** Returns whether anything is used otherwise than before. */
  async #look(which: 'first' | 'again'): Promise<boolean> {
    const due = await this.#dueForUse(which);
    // In one go: a thread for each package would cost more than what it imports.
    const scan = await this.#scan(
      due.flatMap(({ sighting }) => (sighting.kind === 'package' ? sighting.package.modules : [])),
    );
    if (this.#stopping.signal.aborted) return false;
    let hasChanged = false;
    for (const { directory, place, sighting } of due) {
      if (this.#use(place, directory, sighting, scan)) hasChanged = true;
      if (sighting.kind === 'gone') this.#places.delete(directory);
    }
    return hasChanged;
  }

  /** What has come to rest, and is not used as it is; or has failed, and is to be tried again. */
  async #dueForUse(which: 'first' | 'again'): Promise<Due[]> {
    const { clock, directories } = this.#options;
    const due: Due[] = [];
    for (const [directory, sighting] of await this.#sightings(directories)) {
      const place = this.#places.get(directory) ?? newPlace();
      this.#places.set(directory, place);
      const text = textOf(sighting);
      const isSettled = which === 'first' || place.seen === text;
      place.seen = text;
      const isUsed = place.used === text;
      const isRetryDue = place.retries > 0 && clock.monotonicMs() >= place.retryAtMs;
      if (isSettled && (!isUsed || isRetryDue)) due.push({ directory, place, sighting });
    }
    return due;
  }

  /** Returns whether that is something else than before. */
  #use(place: Place, directory: string, sighting: Sighting, scan: PluginScan): boolean {
    const before = JSON.stringify(place.scan);
    const isRetry = place.used === textOf(sighting);
    place.used = textOf(sighting);
    place.scan = scanOf(directory, sighting, scan);
    // A broken package is seen to change; a module that cannot be imported may be helped from elsewhere.
    const mayBeHelped = sighting.kind === 'package' && place.scan.failures.length > 0;
    place.retries = mayBeHelped ? (isRetry ? place.retries + 1 : 1) : 0;
    const { clock, lookEveryMs } = this.#options;
    const waitMs = Math.min(lookEveryMs * 2 ** Math.min(place.retries, 20), retryMsMax);
    place.retryAtMs = clock.monotonicMs() + waitMs;
    return before !== JSON.stringify(place.scan);
  }

  #scan(modules: readonly (string | PluginModule)[]): Promise<PluginScan> {
    const { environment, scanLimitMs: timeoutMs } = this.#options;
    const { signal } = this.#stopping;
    return scanPlugins(modules, {
      ...(timeoutMs !== undefined && { timeoutMs }),
      signal,
      environment,
    });
  }

  async #sightings(directories: readonly string[]): Promise<Map<string, Sighting>> {
    const sightings = new Map<string, Sighting>();
    try {
      const { packages, broken } = await findPluginPackages(directories);
      for (const each of packages)
        sightings.set(each.directory, { kind: 'package', package: each });
      for (const { directory, error } of broken)
        sightings.set(directory, { kind: 'broken', error });
      for (const directory of this.#places.keys()) {
        if (!sightings.has(directory)) sightings.set(directory, { kind: 'gone' });
      }
    } catch (error) {
      // What cannot be looked at stays as it is.
      const [first = ''] = directories;
      sightings.set(first, { kind: 'broken', error: `the plugin path: ${toError(error).message}` });
    }
    return sightings;
  }
}

/** The plugins of the first are used first. */
export function inventoryOf(scans: readonly PluginScan[]): PluginInventory {
  const { modules, failures: duplicates } = withoutDuplicates(
    scans.flatMap((scan) => scan.modules),
  );
  return {
    plugins: modules.flatMap(({ plugins }) => plugins),
    failures: [...scans.flatMap(({ failures }) => failures), ...duplicates],
    index: modules.flatMap(({ module, plugins }) =>
      plugins.map(({ configKeys: _configKeys, ...plugin }) => ({ ...plugin, module })),
    ),
  };
}

function newPlace(): Place {
  return { seen: '', used: undefined, scan: nothing, retries: 0, retryAtMs: 0 };
}

function textOf(sighting: Sighting): string {
  switch (sighting.kind) {
    case 'package':
      return `package ${sighting.package.state}`;
    case 'broken':
      return `broken ${sighting.error}`;
    case 'gone':
      return 'gone';
    default:
      return sighting satisfies never;
  }
}

/** Of one place. Modules of a package are told by its name: their URLs say nothing to people. */
function scanOf(directory: string, sighting: Sighting, scan: PluginScan): PluginScan {
  if (sighting.kind === 'gone') return nothing;
  if (sighting.kind === 'broken')
    return { modules: [], failures: [{ specifier: directory, error: sighting.error }] };
  const names = new Map(sighting.package.modules.map(({ specifier, name }) => [specifier, name]));
  return {
    modules: scan.modules.filter(({ module }) => names.has(module.specifier)),
    failures: scan.failures.flatMap(({ specifier, error }) => {
      const name = names.get(specifier);
      return name === undefined ? [] : [{ specifier: name, error }];
    }),
  };
}
