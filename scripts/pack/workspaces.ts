/** Which packages of this repository an app needs where it is installed. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '@sluice/kernel';
import { repositoryRoot } from '@sluice/testkit';

export interface Workspace {
  readonly name: string;
  readonly folder: string;
  readonly isPrivate: boolean;
  /** Names of what it needs in production, what is optional included. */
  readonly dependencies: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** All of this repository, by name. */
export function readWorkspaces(root = repositoryRoot): Map<string, Workspace> {
  const folders = (readManifest(root).workspaces ?? [])
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(join(folder, 'package.json')));
  return new Map(
    folders.map((folder) => {
      const { name, private: isPrivate = false, ...rest } = readManifest(folder);
      const dependencies = Object.keys({ ...rest.dependencies, ...rest.optionalDependencies });
      return [name, { name, folder, isPrivate, dependencies }];
    }),
  );
}

/**
 * The named packages and those of this repository that they need in production, in the order in which they
 * are met.
 * @throws SluiceError `pack.private` for one that is needed and would not be published.
 */
export function productionClosure(
  names: readonly string[],
  workspaces: ReadonlyMap<string, Workspace>,
): Workspace[] {
  const closure = new Map<string, Workspace>();
  const add = (name: string, neededBy: string): void => {
    const workspace = workspaces.get(name);
    if (workspace === undefined || closure.has(name)) return;
    if (workspace.isPrivate) {
      throw new SluiceError(
        'pack.private',
        `${neededBy} depends on ${name}, which is private: make it a devDependency, or publish it`,
      );
    }
    closure.set(name, workspace);
    for (const dependency of workspace.dependencies) add(dependency, name);
  };
  for (const name of names) add(name, 'this check');
  return [...closure.values()];
}
