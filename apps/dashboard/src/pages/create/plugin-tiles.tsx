/** The plugins that workers have, to choose from. */
import type { PluginBody } from '@sluice/rest-api/shapes';
import { useQuery } from '../../api/use-query.ts';
import { setQuery, usePlace } from '../../router.tsx';
import { pluginTiles } from '../../state/create.ts';
import { Empty, Failed } from '../../ui/empty.tsx';

export function PluginTiles({ onChoose }: { readonly onChoose: (className: string) => void }) {
  const { query } = usePlace();
  const text = query.get('q') ?? '';
  const { data, error } = useQuery<readonly PluginBody[]>('/connector-plugins');
  if (!data) return error ? <Failed what="plugins" why={error.message} /> : null;
  const tiles = pluginTiles(data, text);
  return (
    <>
      <div className="filters" role="search">
        <input
          data-search
          type="search"
          placeholder="Search plugins"
          aria-label="Search plugins"
          value={text}
          onChange={(event) => setQuery({ q: event.target.value })}
        />
      </div>
      {tiles.length === 0 && (
        <Empty
          title={text === '' ? 'No plugins yet' : 'No plugin matches'}
          command={text === '' ? 'sluice-worker' : 'sluice plugins'}
        >
          {text === ''
            ? 'Workers announce the plugins that they have, and none has so far.'
            : 'Workers announce the plugins that they have.'}
        </Empty>
      )}
      {(['source', 'sink'] as const).map((type) => {
        const some = tiles.filter((tile) => tile.type === type);
        if (some.length === 0) return null;
        return (
          <section key={type} className="tile-section">
            <h2>{type === 'source' ? 'Sources' : 'Sinks'}</h2>
            <ul className="tiles">
              {some.map((tile) => (
                <li key={tile.class}>
                  <button type="button" className="tile" onClick={() => onChoose(tile.class)}>
                    <span className="tile-title">{tile.title}</span>
                    <span className="tile-class mono">{tile.class}</span>
                    <span className="dim">{tile.versions.join(', ')}</span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </>
  );
}
