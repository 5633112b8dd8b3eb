import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { systemClock } from '@sluice/kernel';
import { type PluginIndex, PluginPath } from '@sluice/runtime';
import { PluginFolder } from '@sluice/testkit';
import { expect, test } from 'vitest';

import type { LazyReply, LazyRequest } from './support/lazy-plugins-thread.ts';

class LoadingThread {
  readonly #thread: Worker;

  constructor(index: PluginIndex) {
    this.#thread = new Worker(new URL('./support/lazy-plugins-thread.ts', import.meta.url), {
      workerData: index,
      execArgv: ['--conditions=@sluice/source'],
    });
  }

  async ask(request: LazyRequest): Promise<LazyReply> {
    const answered = once(this.#thread, 'message');
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#thread.postMessage(request);
    const [reply] = (await answered) as [LazyReply];
    return reply;
  }

  load(config: Readonly<Record<string, string>>): Promise<LazyReply> {
    return this.ask({ kind: 'load', config });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }
}

async function indexOf(...directories: string[]): Promise<PluginIndex> {
  const path = new PluginPath({
    modules: [],
    directories,
    lookEveryMs: 60_000,
    scanLimitMs: 20_000,
    clock: systemClock,
    onChange: () => {},
  });
  await path.start();
  const { index, failures } = path.inventory;
  await path.stop();
  expect(failures).toEqual([]);
  return index;
}

/** A transform and a source; the transform says which modules it came from, of its own and of its dependency. */
function labelled(version: string, label: string, dependency: string) {
  return {
    name: 'acme',
    version,
    files: {
      'index.js': `
        import { defineSource, defineTransform, perRecord } from '@sluice/connector-api';
        import { label } from './lib/label.js';
        import dependency from 'dependency';
        const made = \`\${label}/\${dependency}\`;
        export default [
          defineSource({ name: 'acme.Source', version: '${version}', config: {}, async *run() {} }),
          defineTransform({
            name: 'acme.Label', version: '${version}', config: {},
            create: () => perRecord((record) => ({ ...record, value: made })),
          }),
        ];
      `,
      'lib/label.js': `export const label = '${label}';`,
      'node_modules/dependency/package.json': JSON.stringify({
        name: 'dependency',
        version: '1.0.0',
        type: 'module',
        exports: './index.js',
      }),
      'node_modules/dependency/index.js': `export default '${dependency}';`,
    },
  };
}

const config = {
  'connector.class': 'acme.Source',
  transforms: 'a',
  'transforms.a.type': 'acme.Label',
};

test('two versions of a package run in one thread, each with its own modules and dependencies', async () => {
  await using folder = await PluginFolder.make();
  await folder.write('one', labelled('1.0.0', 'one', 'dependency of one'));
  await folder.write('two', labelled('2.0.0', 'two', 'dependency of two'));
  await using thread = new LoadingThread(await indexOf(folder.path));
  expect(await thread.load(config)).toEqual({
    loaded: ['acme.Source 2.0.0', 'acme.Label 2.0.0'],
    made: 'two/dependency of two',
  });
  expect(
    await thread.load({
      ...config,
      'connector.plugin.version': '[1.0,2.0)',
      'transforms.a.plugin.version': '1.0.0',
    }),
  ).toEqual({ loaded: ['acme.Source 1.0.0', 'acme.Label 1.0.0'], made: 'one/dependency of one' });
  // Of one definition, too.
  expect(await thread.load({ ...config, 'transforms.a.plugin.version': '1.0.0' })).toEqual({
    loaded: ['acme.Source 2.0.0', 'acme.Label 1.0.0'],
    made: 'one/dependency of one',
  });
});

test('a package that was replaced where it lies is loaded anew, with all that belongs to it', async () => {
  await using folder = await PluginFolder.make();
  await folder.write('acme', labelled('1.0.0', 'before', 'dependency before'));
  await using thread = new LoadingThread(await indexOf(folder.path));
  expect(await thread.load(config)).toMatchObject({ made: 'before/dependency before' });
  await folder.write('acme', labelled('1.1.0', 'after', 'dependency after'));
  await thread.ask({ kind: 'update', index: await indexOf(folder.path) });
  expect(await thread.load(config)).toEqual({
    loaded: ['acme.Source 1.1.0', 'acme.Label 1.1.0'],
    made: 'after/dependency after',
  });
});

test('a package that is another one by the time it is loaded is not taken for what it was', async () => {
  await using folder = await PluginFolder.make();
  await folder.write('acme', labelled('1.0.0', 'before', 'before'));
  await using thread = new LoadingThread(await indexOf(folder.path));
  await folder.write('acme', labelled('1.1.0', 'after', 'after'));
  const { error } = await thread.load(config);
  expect(error).toContain(
    `./index.js of acme 1.0.0 (${folder.at('acme')}) has no acme.Source 1.0.0 any more`,
  );
});

test('a version that is not there is told with those that are', async () => {
  await using folder = await PluginFolder.make();
  await folder.write('acme', labelled('1.0.0', 'one', 'one'));
  await using thread = new LoadingThread(await indexOf(folder.path));
  const { error } = await thread.load({ ...config, 'connector.plugin.version': '[2.0,)' });
  expect(error).toContain(
    'Plugin acme.Source not found that matches the version range [2.0,), available versions: [1.0.0]',
  );
});
