/** What holds for all requests: methods, types, bodies, origins; and the server itself. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import { corsOrigin } from '../targets/target.ts';
import { create, fileSource, untilStates } from './connectors.ts';
import { ask, assertAnswer, assertError } from './request.ts';

export const httpCases: readonly ConformanceCase[] = [
  {
    title: 'http: GET / has version, commit and kafka_cluster_id',
    run: async (trial) => {
      const { body, status } = await ask(trial, 'GET /');
      assert.equal(status, 200);
      const info = body as Record<string, string>;
      assert.deepEqual(Object.keys(info), ['version', 'commit', 'kafka_cluster_id']);
      // Clients compare numbers: expansion, stop and offsets are there from 3.6 on.
      assert.match(info['version'] ?? '', /^(3\.[6-9]|4\.\d+)\.\d+/);
    },
  },
  {
    title: 'http: StandaloneWorkerIntegrationTest testHealthCheck: GET /health once it is up',
    run: async (trial) => {
      const { body, status } = await ask(trial, 'GET /health');
      assert.equal(status, 200);
      const health = body as Record<string, string>;
      assert.equal(health['status'], 'healthy');
      assert.equal(
        health['message'],
        'Worker has completed startup and is ready to handle requests.',
      );
    },
  },
  {
    title: 'http: a url that is not there is 404',
    run: async (trial) => {
      for (const path of ['/nowhere', '/connectors/x/nowhere', '/connectors/x/tasks/0/nowhere'])
        assertError(await ask(trial, `GET ${path}`), 404, /^HTTP 404 Not Found/);
    },
  },
  {
    title: 'http: a method that is not there is 405',
    run: async (trial) => {
      for (const request of [
        'DELETE /connectors',
        'POST /connectors/x/pause',
        'GET /connectors/x/restart',
        'PUT /connectors/x',
        'POST /connector-plugins',
        'DELETE /admin/loggers/root',
      ])
        assertError(await ask(trial, request), 405, /^HTTP 405 Method Not Allowed/);
    },
  },
  {
    title: 'http: GET /connectors/NAME/tasks-config is gone since Kafka Connect 4.0',
    run: async (trial) => {
      assertError(await ask(trial, 'GET /connectors/x/tasks-config'), 404, /^HTTP 404 Not Found/);
    },
  },
  {
    title:
      'http: SessionedProtocolIntegrationTest ensureInternalEndpointIsSecured: requests of workers',
    difference: 'internal-endpoints',
    run: async (trial) => {
      const posted = await ask(trial, 'POST /connectors/x/tasks', { body: [] });
      assert.equal(posted.status, trial.on({ connect: 400, sluice: 405 }), posted.text);
      const fenced = await ask(trial, 'PUT /connectors/x/fence');
      assert.equal(fenced.status, trial.on({ connect: 400, sluice: 404 }), fenced.text);
    },
  },
  {
    title: 'http: HEAD answers as GET, without a body',
    run: async (trial) => {
      for (const path of ['/', '/connectors', '/connector-plugins']) {
        const { headers, status, text } = await ask(trial, `HEAD ${path}`);
        assert.deepEqual([status, text], [200, '']);
        assert.match(headers.get('content-type') ?? '', /^application\/json/);
      }
    },
  },
  {
    title: 'http: OPTIONS says which methods there are',
    run: async (trial) => {
      for (const [path, methods] of [
        ['/connectors', ['GET', 'HEAD', 'OPTIONS', 'POST']],
        ['/connectors/x', ['DELETE', 'GET', 'HEAD', 'OPTIONS']],
        ['/connectors/x/config', ['GET', 'HEAD', 'OPTIONS', 'PATCH', 'PUT']],
        ['/connectors/x/pause', ['OPTIONS', 'PUT']],
      ] as const) {
        const { headers, status, text } = await ask(trial, `OPTIONS ${path}`);
        assert.equal(status, 200);
        assert.match(headers.get('content-type') ?? '', /^text\/plain/);
        for (const listed of [headers.get('allow') ?? '', text])
          assert.deepEqual(listed.split(/, ?/).toSorted(), [...methods]);
      }
    },
  },
  {
    title: 'http: a request without a body needs no Content-Type, and may have one',
    run: async (trial) => {
      const connector = await create(trial, 'bare', fileSource(trial));
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      const path = `/connectors/${connector.name}`;
      for (const headers of [{}, { 'content-type': 'application/json' }]) {
        assertAnswer(await ask(trial, `PUT ${path}/pause`, { headers }), 202);
        await untilStates(connector, 'PAUSED', ['PAUSED']);
        assertAnswer(await ask(trial, `PUT ${path}/resume`, { headers }), 202);
        await untilStates(connector, 'RUNNING', ['RUNNING']);
        assertAnswer(await ask(trial, `POST ${path}/restart`, { headers }), 204);
      }
    },
  },
  {
    title: 'http: a body without a Content-Type',
    difference: 'no-content-type',
    run: async (trial) => {
      const connector = trial.connector('untyped');
      const text = JSON.stringify({ name: connector.name, config: fileSource(trial) });
      const answer = await ask(trial, 'POST /connectors', { text });
      assert.equal(answer.status, trial.on({ connect: 415, sluice: 201 }));
    },
  },
  {
    title: 'http: a body of another type is 415',
    run: async (trial) => {
      const answer = await ask(trial, 'POST /connectors', {
        text: '<name/>',
        headers: { 'content-type': 'application/xml' },
      });
      assertError(answer, 415, /^HTTP 415 Unsupported Media Type/);
    },
  },
  {
    title: 'http: a body that is no JSON',
    difference: 'malformed-body',
    run: async (trial) => {
      const answer = await ask(trial, 'POST /connectors', {
        text: '{"name": ',
        headers: { 'content-type': 'application/json' },
      });
      assertError(
        answer,
        trial.on({ connect: 500, sluice: 400 }),
        trial.on({ connect: /Unexpected end-of-input/, sluice: /is not valid JSON/ }),
      );
    },
  },
  {
    title: 'http: a field that there is not',
    difference: 'malformed-body',
    run: async (trial) => {
      const answer = await ask(trial, 'POST /connectors', {
        body: { name: 'x', config: {}, else: 1 },
      });
      assertError(
        answer,
        trial.on({ connect: 500, sluice: 400 }),
        trial.on({ connect: /Unrecognized field "else"/, sluice: /else/ }),
      );
    },
  },
  {
    title: 'http: a field of another type',
    difference: 'malformed-body',
    run: async (trial) => {
      const answer = await ask(trial, 'POST /connectors', { body: { name: 'x', config: 'y' } });
      assertError(
        answer,
        trial.on({ connect: 500, sluice: 400 }),
        trial.on({ connect: /Cannot construct instance/, sluice: /config: must be an object/ }),
      );
    },
  },
  {
    title: 'http: POST /connectors without a body',
    difference: 'malformed-body',
    run: async (trial) => {
      const answer = await ask(trial, 'POST /connectors', {
        headers: { 'content-type': 'application/json' },
      });
      assert.equal(answer.status, trial.on({ connect: 500, sluice: 400 }));
    },
  },
  {
    title: 'http: a page of an origin that is allowed is told so',
    run: async (trial) => {
      const allowed = await ask(trial, 'GET /connectors', { headers: { origin: corsOrigin } });
      assert.equal(allowed.status, 200);
      assert.equal(allowed.headers.get('access-control-allow-origin'), corsOrigin);
      assert.equal(allowed.headers.get('access-control-allow-credentials'), null);
      const other = await ask(trial, 'GET /connectors', {
        headers: { origin: 'http://other.example' },
      });
      assert.equal(other.status, 200);
      assert.equal(other.headers.get('access-control-allow-origin'), null);
      const none = await ask(trial, 'GET /connectors');
      assert.equal(none.headers.get('access-control-allow-origin'), null);
    },
  },
  {
    title: 'http: a browser that asks first is told what it may',
    run: async (trial) => {
      const { headers, status } = await ask(trial, 'OPTIONS /connectors', {
        headers: { origin: corsOrigin, 'access-control-request-method': 'PUT' },
      });
      assert.ok([200, 204].includes(status));
      assert.equal(headers.get('access-control-allow-origin'), corsOrigin);
      assert.deepEqual(headers.get('access-control-allow-methods')?.split(',').toSorted(), [
        'GET',
        'POST',
        'PUT',
      ]);
    },
  },
  {
    title: 'http: a page of another site that writes',
    difference: 'other-sites',
    run: async (trial) => {
      const connector = await create(trial, 'csrf', fileSource(trial));
      const { status } = await ask(trial, `PUT /connectors/${connector.name}/pause`, {
        headers: { origin: 'http://other.example' },
      });
      assert.equal(status, trial.on({ connect: 202, sluice: 403 }));
    },
  },
];
