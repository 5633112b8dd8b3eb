/** Which topics a connector uses. */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { ConformanceCase } from '../case.ts';
import type { Trial } from '../trial.ts';
import { create, fileSink, fileSource } from './connectors.ts';
import { ask, assertAnswer, assertError, until } from './request.ts';

async function untilTopics(trial: Trial, name: string, topics: readonly string[]): Promise<void> {
  const expected = { [name]: { topics: topics.toSorted() } };
  await until(trial, `GET /connectors/${name}/topics`, JSON.stringify(expected), ({ body }) => {
    const found = (body as Record<string, { topics: string[] }>)[name];
    return isDeepStrictEqual({ [name]: { ...found, topics: found?.topics.toSorted() } }, expected);
  });
}

export const topicCases: readonly ConformanceCase[] = [
  {
    title:
      'topics: ConnectorTopicsIntegrationTest testGetActiveTopics: of a source, and of a sink that reads several',
    run: async (trial) => {
      const one = await trial.topic('one');
      const two = await trial.topic('two');
      const source = await create(trial, 'source', fileSource(trial, one, ['a']));
      await untilTopics(trial, source.name, [one]);
      await source.apply(fileSource(trial, two, ['a']));
      // The task that there was may still be reading.
      const appending = setInterval(() => trial.appendLines('in.txt', ['more']), 300);
      try {
        await untilTopics(trial, source.name, [one, two]);
      } finally {
        clearInterval(appending);
      }
      const sink = await create(trial, 'sink', fileSink(trial, `${one},${two}`));
      await untilTopics(trial, sink.name, [one, two]);
    },
  },
  {
    title:
      'topics: ConnectorTopicsIntegrationTest testGetActiveTopics: forgotten with a reset, and with the connector',
    run: async (trial) => {
      const topic = await trial.topic('one');
      const connector = await create(trial, 'source', fileSource(trial, topic, ['a']));
      const { name } = connector;
      await untilTopics(trial, name, [topic]);
      const reset = await ask(trial, `PUT /connectors/${name}/topics/reset`);
      assert.deepEqual([reset.status, reset.text], [202, '']);
      await untilTopics(trial, name, []);
      trial.appendLines('in.txt', ['b']);
      await untilTopics(trial, name, [topic]);
      assertAnswer(await ask(trial, `DELETE /connectors/${name}`), 204);
      await untilTopics(trial, name, []);
    },
  },
  {
    title: 'topics: a connector that is not there has none',
    run: async (trial) => {
      const name = trial.name('none');
      assertAnswer(await ask(trial, `GET /connectors/${name}/topics`), 200, {
        [name]: { topics: [] },
      });
      assertAnswer(await ask(trial, `PUT /connectors/${name}/topics/reset`), 202);
    },
  },
  {
    title: 'topics: ConnectorTopicsIntegrationTest testTopicTrackingResetIsDisabled',
    isAlone: true,
    run: async (trial) => {
      const api = await trial.target.addApi({ 'topic.tracking.allow.reset': 'false' });
      const { url } = api;
      try {
        const path = `/connectors/${trial.name('none')}/topics`;
        assertAnswer(await ask(trial, `GET ${path}`, { url }), 200);
        const reset = await ask(trial, `PUT ${path}/reset`, { url });
        assertError(reset, 403, 'Topic tracking reset is disabled.');
      } finally {
        await api.stop();
      }
    },
  },
  {
    title: 'topics: ConnectorTopicsIntegrationTest testTopicTrackingIsDisabled',
    isAlone: true,
    run: async (trial) => {
      const api = await trial.target.addApi({ 'topic.tracking.enable': 'false' });
      const { url } = api;
      try {
        const path = `/connectors/${trial.name('none')}/topics`;
        for (const request of [`GET ${path}`, `PUT ${path}/reset`])
          assertError(await ask(trial, request, { url }), 403, 'Topic tracking is disabled.');
      } finally {
        await api.stop();
      }
    },
  },
];
