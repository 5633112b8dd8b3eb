/** Kafka Connect's FileConfigProvider and DirectoryConfigProvider. */
import { join } from 'node:path';
import { parseJavaProperties, toError } from '@sluice/kernel';
import type { ConfigProvider } from '@sluice/runtime/references';

import { AllowedPaths } from './allowed-paths.ts';
import { readLimited } from './read-limited.ts';

type Params = Readonly<Record<string, string>>;

/** `${file:/run/secrets/db.properties:password}`: a key of a file in the format of Java's properties. */
export class FileProvider implements ConfigProvider {
  readonly #paths: AllowedPaths;

  /** @throws ConfigError */
  constructor(params: Params) {
    this.#paths = new AllowedPaths(params);
  }

  async get(path: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const text = await readLimited(await this.#paths.locate(path, 'file'));
    const properties = propertiesOf(text, path);
    return new Map(
      keys.flatMap((key) => {
        const value = properties.get(key);
        return value === undefined ? [] : [[key, value] as const];
      }),
    );
  }
}

/** `${directory:/run/secrets:password}`: a whole file, without the line break at its end; its name is the key. */
export class DirectoryProvider implements ConfigProvider {
  readonly #paths: AllowedPaths;

  /** @throws ConfigError */
  constructor(params: Params) {
    this.#paths = new AllowedPaths(params);
  }

  async get(path: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    // The directory itself has to be allowed, too: an error names it.
    await this.#paths.locate(path, 'directory');
    const found = new Map<string, string>();
    for (const key of keys) {
      if (key === '' || key === '.' || key === '..' || /[/\\\0]/.test(key))
        throw new Error(`${key || '(nothing)'} is not the name of a file`);
      const text = await readLimited(await this.#paths.locate(join(path, key), 'file'));
      found.set(key, text.replace(/[\r\n]+$/, ''));
    }
    return found;
  }
}

function propertiesOf(text: string, path: string): ReadonlyMap<string, string> {
  try {
    return parseJavaProperties(text);
  } catch (error) {
    throw new Error(
      `${path} is not in the format of Java's properties: ${toError(error).message}`,
      {
        cause: error,
      },
    );
  }
}
