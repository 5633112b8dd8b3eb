/** The connectors that come with Sluice. This is the one place where they are listed. */

/** Each exports `plugins`, and is a dependency of this package. */
const packages = [
  '@sluice/connector-bullmq',
  '@sluice/connector-file',
  '@sluice/connector-jdbc',
  '@sluice/connector-mysql',
  '@sluice/connector-postgresql',
  '@sluice/connector-verifiable',
];

/**
 * The URLs of their modules, for whoever scans or loads plugins. Nothing is imported here: a process pays only for the
 * connectors that it is asked for.
 */
export function builtInConnectors(): string[] {
  return packages.map((name) => import.meta.resolve(name));
}
