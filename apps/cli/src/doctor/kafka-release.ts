/** Releases of Kafka, by what their clusters call the level of their metadata. Pure. */

/** From which level on; the last level of a release is below the first of the next. */
const firstLevels: readonly (readonly [level: number, release: string])[] = [
  [4, '3.3'],
  [8, '3.4'],
  [9, '3.5'],
  [12, '3.6'],
  [15, '3.7'],
  [20, '3.8'],
  [21, '3.9'],
  [22, '4.0'],
  [26, '4.1'],
  [28, '4.2'],
  [30, '4.3'],
];
const newest = { level: 30, release: '4.3' } as const;

/** Undefined for levels that are not known here. */
export function releaseOf(metadataVersion: number): string | undefined {
  if (metadataVersion > newest.level) return `newer than ${newest.release}`;
  return firstLevels.findLast(([level]) => metadataVersion >= level)?.[1];
}
