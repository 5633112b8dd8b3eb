/** Which topics its tasks wrote to, or read from. */
import type { TopicsAnswer } from '@sluice/rest-api/shapes';
import { connectorUrl } from '../../api/client.ts';
import { useQuery } from '../../api/use-query.ts';
import { collate } from '../../state/task-rows.ts';
import { AsBefore, Empty, Failed } from '../../ui/empty.tsx';
import { Panel } from '../../ui/page.tsx';

export function Topics({ name }: { readonly name: string }) {
  const { data, error } = useQuery<TopicsAnswer>(connectorUrl(name, '/topics'), {
    everyMs: 5_000,
  });
  if (!data) return error ? <Failed what="topics" why={error.message} /> : null;
  const topics = (data[name]?.topics ?? []).toSorted(collate);
  if (topics.length === 0) {
    return (
      <Empty title="No topics yet" command="sluice log topics">
        They are listed once a record went through.
      </Empty>
    );
  }
  return (
    <Panel>
      <AsBefore error={error} />
      <ul className="plain-list mono">
        {topics.map((topic) => (
          <li key={topic}>{topic}</li>
        ))}
      </ul>
    </Panel>
  );
}
