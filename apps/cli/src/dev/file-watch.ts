/** Tells when one of a growing set of files was saved. */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { systemClock, type Timer } from '@sluice/kernel';

/** Editors write a file in several steps. */
const quietMs = 100;

export class FileWatch {
  readonly #onChange: (path: string) => void;
  readonly #names = new Map<string, Set<string>>();
  readonly #watchers: FSWatcher[] = [];
  #quiet: Timer | undefined;

  constructor(onChange: (path: string) => void) {
    this.#onChange = onChange;
  }

  /** Watches its folder: many editors save by replacing the file, which a watch on it would not survive. */
  add(path: string): void {
    const folder = dirname(path);
    const known = this.#names.get(folder);
    if (known) {
      known.add(basename(path));
      return;
    }
    const names = new Set([basename(path)]);
    this.#names.set(folder, names);
    const watcher = watch(folder, (_event, name) => {
      if (name !== null && names.has(name)) this.#changed(`${folder}/${name}`);
    });
    watcher.on('error', () => watcher.close());
    this.#watchers.push(watcher);
  }

  close(): void {
    this.#quiet?.cancel();
    for (const watcher of this.#watchers) watcher.close();
  }

  #changed(path: string): void {
    this.#quiet?.cancel();
    this.#quiet = systemClock.after(quietMs, () => this.#onChange(path));
  }
}
