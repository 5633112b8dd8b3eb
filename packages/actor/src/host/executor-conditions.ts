/** The source condition (see any package.json): a build has none, and so passes none on. */
const sourceCondition = '@sluice/source';

/**
 * Export conditions for an executor. It has to resolve packages as its parent does, also where the parent
 * got its conditions from somewhere else than its command line, as under a test runner: so what decides is
 * whether this very file is a source.
 */
export function executorConditions(): readonly string[] {
  const given = process.execArgv.flatMap((argument, index, all) => {
    if (argument.startsWith('--conditions=')) return [argument.slice('--conditions='.length)];
    if (argument === '-C' || argument === '--conditions') return all.slice(index + 1, index + 2);
    return [];
  });
  const conditions = new Set(given);
  if (import.meta.url.endsWith('.ts')) conditions.add(sourceCondition);
  return [...conditions].map((condition) => `--conditions=${condition}`);
}
