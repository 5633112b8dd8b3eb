/** One connector: how it is, the way of its data, and all that belongs to it. */
import type { ConnectorInfo } from '@sluice/rest-api/shapes';
import { useEffect, useState } from 'react';
import { connectorUrl } from '../../api/client.ts';
import { useQuery } from '../../api/use-query.ts';
import { useView } from '../../live/use-live.ts';
import { type ConnectorTab, connectorPath, connectorTabs, createPath } from '../../paths.ts';
import { Link, navigate } from '../../router.tsx';
import {
  deleteConnector,
  pauseConnector,
  restartConnector,
  restartTasks,
  resumeConnector,
  stopConnector,
} from '../../state/actions.ts';
import type { Config } from '../../state/config-diff.ts';
import { type ConnectorRow, connectorRow, shortClass } from '../../state/connectors.ts';
import type { Definition } from '../../state/definition-texts.ts';
import { createDraft, drafts } from '../../state/drafts.ts';
import { useRefusal } from '../../state/session.ts';
import { sortRows, taskRows } from '../../state/task-rows.ts';
import { Button } from '../../ui/button.tsx';
import { Empty, Failed } from '../../ui/empty.tsx';
import { Page } from '../../ui/page.tsx';
import { StateMark } from '../../ui/state-mark.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { TaskTable } from '../../ui/task-table.tsx';
import { Configuration } from './configuration.tsx';
import { DeadLetters } from './dead-letters.tsx';
import { ConnectorEvents } from './events.tsx';
import { Flow } from './flow.tsx';
import { Logs } from './logs.tsx';
import { OffsetsTab } from './offsets.tsx';
import { Topics } from './topics.tsx';

const labels: Readonly<Record<ConnectorTab, string>> = {
  tasks: 'Tasks',
  configuration: 'Configuration',
  offsets: 'Offsets',
  topics: 'Topics',
  'dead-letters': 'Dead letters',
  events: 'Events',
  logs: 'Logs',
};

/** Shown once it has come. */
const needsConfig: ReadonlySet<ConnectorTab> = new Set(['configuration', 'topics', 'dead-letters']);

export function ConnectorPage({
  name,
  tab,
}: {
  readonly name: string;
  readonly tab: ConnectorTab;
}) {
  const view = useView();
  const connector = view.connectors[name];
  const {
    data: info,
    error,
    again,
  } = useQuery<ConnectorInfo>(connector === undefined ? undefined : connectorUrl(name));
  // What is there stays until the next has come: somebody may be editing it.
  const version = connector?.version;
  useEffect(() => {
    if (version !== undefined) again();
  }, [version, again]);
  if (!connector) {
    return (
      <Page title={name}>
        <Empty title={`There is no connector ${name}`} command="sluice get connectors">
          It was deleted, or never was. <Link to="/connectors">All connectors</Link>
        </Empty>
      </Page>
    );
  }
  const tasks = taskRows(view).filter((row) => row.connector === name);
  const row = connectorRow(name, connector, view, tasks);
  const config = info?.config;
  return (
    <Page title={name} note={<Note row={row} />} actions={<Actions row={row} config={config} />}>
      {row.own?.error != null && (
        <p className="own-error" role="alert">
          The connector itself failed: {row.own.error}
        </p>
      )}
      <Flow row={row} config={config} />
      <Tabs
        label={`Parts of ${name}`}
        tabs={connectorTabs.map((each) => ({
          to: connectorPath(name, each),
          label: labels[each],
          isCurrent: each === tab,
          count: each === 'tasks' ? tasks.length : undefined,
        }))}
      />
      {config === undefined && error !== undefined && needsConfig.has(tab) ? (
        <Failed what="its configuration" why={error.message} onRetry={again} />
      ) : (
        <TabContent tab={tab} row={row} config={config} />
      )}
    </Page>
  );
}

function Note({ row }: { readonly row: ConnectorRow }) {
  return (
    <span className="row">
      <StateMark state={row.health} />
      <span className="dim" title={row.class}>
        {shortClass(row.class)} · {row.type} · version {row.version}
      </span>
    </span>
  );
}

function TabContent({
  tab,
  row,
  config,
}: {
  readonly tab: ConnectorTab;
  readonly row: ConnectorRow;
  readonly config: Readonly<Record<string, string>> | undefined;
}) {
  const { name } = row;
  switch (tab) {
    case 'configuration':
      return config === undefined ? null : <Configuration row={row} stored={config} />;
    case 'offsets':
      return <OffsetsTab row={row} />;
    case 'topics':
      return config === undefined ? null : <Topics name={name} config={config} />;
    case 'dead-letters':
      return config === undefined ? null : <DeadLetters config={config} />;
    case 'events':
      return <ConnectorEvents row={row} />;
    case 'logs':
      return <Logs row={row} />;
    default:
      return <TasksTab row={row} />;
  }
}

function TasksTab({ row }: { readonly row: ConnectorRow }) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const refused = useRefusal('operator');
  const rows = sortRows(row.tasks, 'urgency');
  const chosen = rows.filter(({ id }) => selected.has(id));
  return (
    <>
      {chosen.length > 0 && (
        <div className="row above">
          <Button
            kind="primary"
            refused={refused}
            onPress={() => void restartTasks(chosen).then(() => setSelected(new Set()))}
          >
            Restart {chosen.length}
          </Button>
        </div>
      )}
      <TaskTable
        rows={rows}
        selected={selected}
        onSelect={setSelected}
        empty={
          row.target_state === 'STOPPED'
            ? 'It is stopped: it has no tasks until it is resumed.'
            : 'It has no tasks yet: the connector computes their configurations first.'
        }
      />
    </>
  );
}

function Actions({
  row,
  config,
}: {
  readonly row: ConnectorRow;
  readonly config: Config | undefined;
}) {
  const { name, tasks, target_state: target, own } = row;
  const operator = useRefusal('operator');
  const admin = useRefusal('admin');
  const failed = [own, ...tasks].filter((each) => each?.state === 'FAILED').length;
  return (
    <>
      <Button
        kind={failed > 0 ? 'primary' : 'plain'}
        refused={operator ?? (failed === 0 ? 'Nothing of it has failed' : undefined)}
        onPress={() => void restartConnector(name, { onlyFailed: true })}
      >
        Restart failed{failed > 0 ? ` (${failed})` : ''}
      </Button>
      <Button
        refused={operator ?? (target === 'STOPPED' ? 'It is stopped' : undefined)}
        onPress={() => void restartConnector(name, { onlyFailed: false })}
      >
        Restart all
      </Button>
      {target === 'STARTED' ? (
        <Button refused={operator} onPress={() => void pauseConnector(name)}>
          Pause
        </Button>
      ) : (
        <Button kind="primary" refused={operator} onPress={() => void resumeConnector(name)}>
          Resume
        </Button>
      )}
      <Button
        refused={operator ?? (target === 'STOPPED' ? 'It is stopped already' : undefined)}
        onPress={() => void stopConnector(name, tasks.length)}
      >
        Stop
      </Button>
      <Button
        refused={admin ?? (config ? undefined : 'Its configuration is not known yet')}
        onPress={() => config && duplicate(row, config)}
      >
        Duplicate
      </Button>
      <Button
        refused={admin}
        onPress={() =>
          void deleteConnector(name, tasks.length).then((done) => {
            if (done) navigate('/connectors');
          })
        }
      >
        Delete
      </Button>
    </>
  );
}

/** The form of a new connector, filled in as this one is; nothing is made yet. */
function duplicate({ name, class: known }: ConnectorRow, config: Config): void {
  const { name: _name, ...rest } = config;
  const className = config['connector.class'] ?? known;
  drafts.set(createDraft(className), { name: `${name}-copy`, config: rest } satisfies Definition);
  navigate(createPath(className));
}
