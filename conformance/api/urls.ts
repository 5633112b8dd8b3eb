/** Urls as clients write them: slashes, encoded names, parameters; and the one that is answered. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import { create, fileSource } from './connectors.ts';
import { ask, assertAnswer } from './request.ts';

/** Names that have to be encoded in a url. */
const oddNames = ['with space', 'größe 漢字', 'plus+and&?=#', '"quoted"'];

/** Its web server takes no url that has these encoded. */
const unreachableNames = ['slash/es', 'per%cent'];

export const urlCases: readonly ConformanceCase[] = [
  {
    title: 'http: a slash behind any url changes nothing',
    run: async (trial) => {
      const connector = await create(trial, 'slash', fileSource(trial));
      await connector.untilRunning();
      const path = `/connectors/${connector.name}`;
      for (const url of ['/connectors', path, `${path}/config`, `${path}/status`, `${path}/tasks`])
        assert.deepEqual(
          (await ask(trial, `GET ${url}/`)).status,
          (await ask(trial, `GET ${url}`)).status,
        );
      assertAnswer(await ask(trial, `PUT ${path}/pause/`), 202);
      const config = { ...fileSource(trial), name: trial.name('slash-2') };
      const created = await ask(trial, 'POST /connectors/', {
        body: { name: trial.connector('slash-2').name, config },
      });
      assertAnswer(created, 201);
      assertAnswer(await ask(trial, 'GET /connector-plugins/'), 200);
      assertAnswer(await ask(trial, 'GET /admin/loggers/'), 200);
    },
  },
  ...unreachableNames.map(
    (odd): ConformanceCase => ({
      title: `http: a connector's name in a url is decoded: ${odd}`,
      difference: 'ambiguous-urls',
      run: async (trial) => {
        const connector = await create(trial, odd, fileSource(trial));
        const { status } = await ask(
          trial,
          `GET /connectors/${encodeURIComponent(connector.name)}/status`,
        );
        assert.equal(status, trial.on({ connect: 400, sluice: 200 }));
      },
    }),
  ),
  ...oddNames.map(
    (odd): ConformanceCase => ({
      title: `http: a connector's name in a url is decoded: ${odd}`,
      run: async (trial) => {
        const connector = trial.connector(odd);
        const config = fileSource(trial);
        const created = await ask(trial, 'POST /connectors', {
          body: { name: connector.name, config },
        });
        assertAnswer(created, 201, {
          name: connector.name,
          config: { ...config, name: connector.name },
          tasks: [],
          type: 'source',
        });
        const path = `/connectors/${encodeURIComponent(connector.name)}`;
        const location = new URL(created.headers.get('location') ?? '');
        assert.equal(decodeURIComponent(location.pathname), `/connectors/${connector.name}`);
        await connector.untilRunning();
        assertAnswer(await ask(trial, `GET ${path}/config`), 200, {
          ...config,
          name: connector.name,
        });
        const listed = (await ask(trial, 'GET /connectors')).body as string[];
        assert.ok(listed.includes(connector.name));
        assertAnswer(await ask(trial, `PUT ${path}/stop`), 204);
        assertAnswer(await ask(trial, `DELETE ${path}`), 204);
      },
    }),
  ),
  {
    title: 'http: Location of what was created',
    run: async (trial) => {
      const connector = trial.connector('located');
      const first = await ask(trial, `PUT /connectors/${connector.name}/config`, {
        body: fileSource(trial),
      });
      assert.equal(first.status, 201);
      assert.equal(
        first.headers.get('location'),
        `${trial.target.url()}/connectors/${connector.name}`,
      );
      const again = await ask(trial, `PUT /connectors/${connector.name}/config`, {
        body: fileSource(trial),
      });
      assert.deepEqual([again.status, again.headers.get('location')], [200, null]);
    },
  },
  {
    title: 'http: forward, which its workers add to requests, and parameters that there are not',
    run: async (trial) => {
      const connector = trial.connector('forwarded');
      const { name } = connector;
      const config = fileSource(trial);
      const created = await ask(trial, 'POST /connectors?forward=false', {
        body: { name, config },
      });
      assertAnswer(created, 201);
      await connector.untilRunning();
      const path = `/connectors/${name}`;
      for (const query of ['forward=true', 'forward=false', 'else=1', ''])
        assertAnswer(await ask(trial, `PUT ${path}/config?${query}`, { body: config }), 200);
      assertAnswer(await ask(trial, `POST ${path}/restart?forward=true`), 204);
      assertAnswer(await ask(trial, `GET ${path}/status?else=1`), 200);
      assertAnswer(await ask(trial, `DELETE ${path}?forward=true`), 204);
    },
  },
];
