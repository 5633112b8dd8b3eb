/**
 * The built files of the dashboard, in memory: whatever is asked for is looked up among them, so no path leads out of
 * their directory. They are read when somebody asks first, and again when there was another build.
 */
import type { Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { SluiceError } from '@sluice/kernel';

export interface DashboardFile {
  readonly body: Buffer;
  readonly type: string;
  /** Its name changes with its content. */
  readonly isHashed: boolean;
  /** The same, packed, by the name that HTTP has for how. */
  readonly packed: ReadonlyMap<string, Buffer>;
}

const indexName = 'index.html';
const filesMax = 2_000;
const bytesMax = 64 * 1024 * 1024;
const packedEndings = new Map([
  ['.br', 'br'],
  ['.gz', 'gzip'],
]);

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

export class DashboardFiles {
  readonly #directory: string | undefined;
  #files: ReadonlyMap<string, DashboardFile> = new Map();
  #builtMs: number | undefined;
  #reading: Promise<void> | undefined;

  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /**
   * What is at a path below `/ui/`; the page itself for each that is none of its files, since the page knows what it
   * means. Undefined: a part of a build that is not there any more.
   * @throws SluiceError `dashboard.not_built`.
   */
  async find(path: string): Promise<DashboardFile | undefined> {
    await this.#refresh();
    const found = this.#files.get(path);
    if (found) return found;
    return path.startsWith('assets/') ? undefined : this.#files.get(indexName);
  }

  async #refresh(): Promise<void> {
    const directory = this.#directory;
    const index = directory && (await statOf(join(directory, indexName)));
    if (!directory || !index) throw notBuilt();
    if (index.mtimeMs === this.#builtMs) return;
    this.#reading ??= readFiles(directory)
      .then((files) => {
        this.#files = files;
        this.#builtMs = index.mtimeMs;
      })
      .finally(() => {
        this.#reading = undefined;
      });
    await this.#reading;
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

function notBuilt(): SluiceError {
  return new SluiceError('dashboard.not_built', 'the dashboard is not built: npm run build');
}

async function readFiles(directory: string): Promise<ReadonlyMap<string, DashboardFile>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(paths.map(async (path) => (await statOf(path))?.size ?? 0));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (paths.length > filesMax || bytes > bytesMax) {
    throw new SluiceError(
      'dashboard.not_built',
      `${directory} holds ${paths.length} files of ${bytes} bytes, which is no build of the dashboard`,
    );
  }
  const contents = new Map<string, Buffer>();
  for (const path of paths) {
    contents.set(relative(directory, path).split(sep).join('/'), await readFile(path));
  }
  return new Map(
    Array.from(contents)
      .filter(([name]) => !packedEndings.has(extname(name)))
      .map(([name, body]) => [name, fileOf(name, body, contents)]),
  );
}

function fileOf(name: string, body: Buffer, all: ReadonlyMap<string, Buffer>): DashboardFile {
  const packed = Array.from(packedEndings).flatMap(([ending, encoding]): [string, Buffer][] => {
    const content = all.get(`${name}${ending}`);
    return content ? [[encoding, content]] : [];
  });
  return {
    body,
    type: types[extname(name)] ?? 'application/octet-stream',
    isHashed: name.startsWith('assets/'),
    packed: new Map(packed),
  };
}
