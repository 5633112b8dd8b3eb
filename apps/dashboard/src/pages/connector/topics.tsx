/** Which topics its tasks wrote to, or read from; and what is in one of them. */
import type { TopicsAnswer } from '@sluice/rest-api/shapes';
import { connectorUrl } from '../../api/client.ts';
import { useQuery } from '../../api/use-query.ts';
import { Link, pathWith, usePlace } from '../../router.tsx';
import type { Config } from '../../state/config-diff.ts';
import { listOf } from '../../state/flow.ts';
import { collate } from '../../state/task-rows.ts';
import { AsBefore, Empty, Failed } from '../../ui/empty.tsx';
import { Panel } from '../../ui/page.tsx';
import { Records } from './records.tsx';

export function Topics({ name, config }: { readonly name: string; readonly config: Config }) {
  const place = usePlace();
  const { data, error } = useQuery<TopicsAnswer>(connectorUrl(name, '/topics'), {
    everyMs: 5_000,
  });
  // A sink's own are known before a record went through.
  const defined = listOf(config['topics']);
  if (!data && defined.length === 0)
    return error ? <Failed what="topics" why={error.message} /> : null;
  const topics = [...new Set([...defined, ...(data?.[name]?.topics ?? [])])].toSorted(collate);
  if (topics.length === 0) {
    return (
      <Empty title="No topics yet" command="sluice log topics">
        They are listed once a record went through.
      </Empty>
    );
  }
  const [only] = topics;
  const chosen = place.query.get('topic') ?? (topics.length === 1 ? only : undefined);
  if (chosen !== undefined) return <Records name={name} topics={topics} topic={chosen} />;
  return (
    <Panel>
      <AsBefore error={error} />
      <ul className="plain-list mono">
        {topics.map((topic) => (
          <li key={topic}>
            <Link to={pathWith(place, { topic })}>{topic}</Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
