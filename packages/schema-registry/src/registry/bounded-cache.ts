/** Remembers what was loaded, loads nothing twice at a time, and forgets what was not used for longest. */

export class BoundedCache<Key, Value> {
  readonly #entriesMax: number;
  readonly #loaded = new Map<Key, Value>();
  readonly #loading = new Map<Key, Promise<Value>>();

  constructor(entriesMax: number) {
    this.#entriesMax = Math.max(1, entriesMax);
  }

  get(key: Key): Value | undefined {
    const value = this.#loaded.get(key);
    if (value === undefined) return undefined;
    // A Map is in the order of insertion: the least recently used one is the first.
    this.#loaded.delete(key);
    this.#loaded.set(key, value);
    return value;
  }

  set(key: Key, value: Value): void {
    this.#loaded.delete(key);
    this.#loaded.set(key, value);
    if (this.#loaded.size <= this.#entriesMax) return;
    const [oldest] = this.#loaded.keys();
    if (oldest !== undefined) this.#loaded.delete(oldest);
  }

  delete(key: Key): void {
    this.#loaded.delete(key);
  }

  /** The value itself where it is known, else a promise that all who ask meanwhile share. Failures are not kept. */
  getOrLoad(key: Key, load: () => Promise<Value>): Value | Promise<Value> {
    const known = this.get(key);
    if (known !== undefined) return known;
    let loading = this.#loading.get(key);
    if (!loading) {
      loading = load().then(
        (value) => {
          this.set(key, value);
          this.#loading.delete(key);
          return value;
        },
        (error: unknown) => {
          this.#loading.delete(key);
          throw error;
        },
      );
      this.#loading.set(key, loading);
    }
    return loading;
  }
}
