/** `${secrets:key}` and `${secrets:path:key}`: secrets of the cluster, see `sluice secrets`. */
import type { ConfigProvider } from '@sluice/runtime/references';
import { SecretStore, type SecretStoreOptions } from './secret-store.ts';

export class SecretProvider implements ConfigProvider {
  readonly #store: SecretStore;

  constructor(options: SecretStoreOptions) {
    this.#store = new SecretStore(options);
  }

  async get(path: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const nameOf = (key: string): string => (path === '' ? key : `${path}:${key}`);
    const found = await this.#store.get(keys.map(nameOf));
    return new Map(
      keys.flatMap((key) => {
        const value = found.get(nameOf(key));
        return value === undefined ? [] : [[key, value] as const];
      }),
    );
  }

  close(): void {
    this.#store.close();
  }
}
