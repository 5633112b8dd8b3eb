/** Packages with plugins, written into a folder of their own. */
import { promises as fs } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface WrittenPackage {
  readonly name: string;
  readonly version?: string;
  /** Of package.json; default: of one module, `./index.js`. */
  readonly sluice?: unknown;
  /** By path. */
  readonly files: Readonly<Record<string, string>>;
}

export class PluginFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<PluginFolder> {
    // Where it really is: a system's temporary folder may be a link.
    return new PluginFolder(await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'sluice-plugins-'))));
  }

  at(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  async write(folder: string, { name, version, sluice, files }: WrittenPackage): Promise<string> {
    const manifest = {
      name,
      version: version ?? '1.0.0',
      type: 'module',
      sluice: sluice ?? { plugins: ['./index.js'] },
    };
    // As when it is copied: what names the others comes last.
    await this.writeFiles(folder, files);
    await this.writeFiles(folder, { 'package.json': JSON.stringify(manifest) });
    return this.at(folder);
  }

  async writeFiles(folder: string, files: WrittenPackage['files']): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const file = this.at(folder, path);
      await fs.mkdir(dirname(file), { recursive: true });
      await fs.writeFile(file, text);
    }
  }

  async remove(folder: string): Promise<void> {
    await fs.rm(this.at(folder), { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await fs.rm(this.path, { recursive: true, force: true });
  }
}
