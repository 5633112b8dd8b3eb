/** Entry of a thread that loads plugins as an executor does: modules are loaded by Node itself, not by the test runner. */
import { parentPort, workerData } from 'node:worker_threads';
import { LazyPlugins, type PluginIndex } from '@sluice/runtime';

export type LazyRequest =
  | { readonly kind: 'update'; readonly index: PluginIndex }
  | { readonly kind: 'load'; readonly config: Readonly<Record<string, string>> };

export interface LazyReply {
  /** Class and version of each plugin. */
  readonly loaded?: readonly string[];
  /** What the first transform makes of a record's value. */
  readonly made?: unknown;
  readonly error?: string;
}

const plugins = new LazyPlugins(workerData as PluginIndex);

parentPort?.on('message', (request: LazyRequest) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  void answer(request).then((reply) => parentPort?.postMessage(reply));
});

async function answer(request: LazyRequest): Promise<LazyReply> {
  if (request.kind === 'update') {
    plugins.update(request.index);
    return {};
  }
  try {
    const { connector, transforms, predicates, converters } = await plugins.load(request.config);
    const [first] = transforms;
    const applied = await first?.create({}).apply([{ topic: 't', value: 'value' }]);
    return {
      loaded: [connector, ...transforms, ...predicates, ...converters].map(
        (plugin) => `${plugin.class} ${plugin.version}`,
      ),
      made: applied?.records[0]?.value,
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
