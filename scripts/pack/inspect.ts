/** What is wrong with an installation, from the lists of what is in it: pure functions. */

type Names = Readonly<Record<string, unknown>>;

export interface LockEntry {
  readonly version?: string;
  readonly link?: boolean;
  readonly dependencies?: Names;
  readonly optionalDependencies?: Names;
  readonly peerDependencies?: Names;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** By place: `node_modules/a/node_modules/b`. */
export type LockPlaces = Readonly<Record<string, LockEntry>>;

/** `node_modules/a/node_modules/@b/c` → `@b/c`. */
function nameAt(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/**
 * Names of all that the packages need in production. Not the lock file's own marks: what is for development, and
 * could also be of use to something in production (an optional peer), has the same one as what is optional there.
 */
export function productionNames(roots: readonly string[], locked: LockPlaces): Set<string> {
  const entries = Map.groupBy(Object.entries(locked), ([place]) => nameAt(place));
  const names = new Set(roots);
  for (const name of names) {
    for (const [, entry] of entries.get(name) ?? []) {
      for (const needed of neededBy(entry)) names.add(needed);
    }
  }
  return names;
}

function neededBy(entry: LockEntry): string[] {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = entry;
  const peers = Object.keys(peerDependencies ?? {}).filter(
    (name) => peerDependenciesMeta?.[name]?.optional !== true,
  );
  return [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers];
}

/**
 * What is installed and is not needed in production by package-lock.json; links, which lead out of the
 * installation; packages of ours that were not packed.
 */
export function unexpectedPackages(
  installed: LockPlaces,
  needed: ReadonlySet<string>,
  packed: ReadonlySet<string>,
): string[] {
  const problems: string[] = [];
  for (const [place, { version, link }] of Object.entries(installed)) {
    const name = nameAt(place);
    if (link === true) problems.push(`${name} is a link`);
    else if (name.startsWith('@sluice/')) {
      if (!packed.has(name)) problems.push(`${name} ${version} was not packed here`);
    } else if (!needed.has(name)) {
      problems.push(`${name} ${version} is not for production by package-lock.json`);
    }
  }
  return problems;
}

/** How many packages have another version than the lock file, which does not count outside of this repository. */
export function driftedPackages(installed: LockPlaces, locked: LockPlaces): string[] {
  const versions = new Map<string, Set<string>>();
  for (const [place, { version = '' }] of Object.entries(locked)) {
    const name = nameAt(place);
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  return Object.entries(installed).flatMap(([place, { version = '' }]) => {
    const known = versions.get(nameAt(place));
    return known === undefined || known.has(version) || nameAt(place).startsWith('@sluice/')
      ? []
      : [`${nameAt(place)} ${version} instead of ${[...known].join(', ')}`];
  });
}

/** Files of one of our packages that should not be published. */
export function strangeFiles(files: readonly string[]): string[] {
  // Templates are sources, tests included.
  return files
    .filter((file) => !file.startsWith('templates/'))
    .filter(
      (file) =>
        /^(src|test|bench|coverage|node_modules)\//.test(file) ||
        /\.(test|spec)\.\w+$/.test(file) ||
        /(?<!\.d)\.ts$/.test(file) ||
        /\.tsbuildinfo$|(^|\/)\.(env|npmrc|turbo)/.test(file),
    );
}

/** Compiled files whose source is gone: a build leaves them where they are. */
export function staleFiles(files: readonly string[], sources: ReadonlySet<string>): string[] {
  return files.filter((file) => {
    const [, path] = /^dist\/(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(file) ?? [];
    return path !== undefined && !sources.has(`src/${path}.ts`);
  });
}
