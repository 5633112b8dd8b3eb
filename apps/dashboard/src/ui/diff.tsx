/** What will change, key by key. */
import type { ConfigChange } from '../state/config-diff.ts';

const signs = { added: '+', removed: '−', changed: '~' } as const;

export function Diff({
  changes,
  secrets,
}: {
  readonly changes: readonly ConfigChange[];
  /** Keys whose values are not shown. */
  readonly secrets: ReadonlySet<string>;
}) {
  if (changes.length === 0) return <p className="quiet">Nothing is changed.</p>;
  const shown = (key: string, value: string): string => (secrets.has(key) ? '••••••' : value);
  return (
    <table className="diff" aria-label="Changes">
      <tbody>
        {changes.map(({ key, kind, before, after }) => (
          <tr key={key} data-key={key}>
            <th scope="row">
              <span aria-hidden="true">{signs[kind]}</span> {key}
              <span className="hidden"> {kind}</span>
            </th>
            <td>
              {before !== undefined && <del>{shown(key, before)}</del>}
              {after !== undefined && <ins>{shown(key, after)}</ins>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
