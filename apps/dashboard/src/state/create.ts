/** What a new connector needs before the server is asked. Pure. */
import type { PluginBody } from '@sluice/rest-api/shapes';
import { shortClass } from './connectors.ts';
import { collate } from './task-rows.ts';

export function nameProblem(name: string, taken: readonly string[]): string | undefined {
  if (name.trim() === '') return 'It needs a name';
  if (name !== name.trim()) return 'A name begins and ends with no space';
  // No address leads to it: browsers and clients take them for steps up a path.
  if (/^\.{1,2}$/.test(name)) return 'A name is more than dots';
  return taken.includes(name) ? `There is a connector ${name} already` : undefined;
}

export interface PluginTile {
  readonly class: string;
  readonly title: string;
  readonly type: string;
  /** The newest first. */
  readonly versions: readonly string[];
}

/** One tile a class, sources before sinks; only those that match all words. */
export function pluginTiles(plugins: readonly PluginBody[], text: string): PluginTile[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const connectors = plugins.filter(({ type }) => type === 'source' || type === 'sink');
  return [...Map.groupBy(connectors, (plugin) => plugin.class)]
    .map(([className, versions]) => ({
      class: className,
      title: titleOf(className),
      type: versions[0]?.type ?? '',
      versions: versions.map(({ version }) => version).toSorted((a, b) => collate(b, a)),
    }))
    .filter((tile) =>
      words.every((word) =>
        `${tile.class} ${tile.title} ${tile.type}`.toLowerCase().includes(word),
      ),
    )
    .toSorted((a, b) => collate(b.type, a.type) || collate(a.title, b.title));
}

/** `io.debezium…PostgresConnector` → `Postgres`: the tile stands among sources or sinks already. */
function titleOf(className: string): string {
  return shortClass(className).replace(/(?<=.)(Source|Sink)?(Connector)?$/, '');
}
