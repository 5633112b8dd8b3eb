import { promises as fs } from 'node:fs';
import { type Clock, systemClock, type Timer } from '@sluice/kernel';
import { type PluginInventory, PluginPath, type PluginPathOptions } from '@sluice/runtime';
import { PluginFolder } from '@sluice/testkit';
import { expect, test } from 'vitest';

/** A path that is looked at often, and what it tells. */
class WatchedPath {
  readonly path: PluginPath;
  readonly #waiting = new Set<() => void>();
  #inventory: PluginInventory | undefined;

  constructor(directories: readonly string[], options: Partial<PluginPathOptions> = {}) {
    this.path = new PluginPath({
      modules: [],
      directories,
      lookEveryMs: 40,
      scanLimitMs: 20_000,
      clock: systemClock,
      onChange: (inventory) => {
        this.#inventory = inventory;
        for (const look of this.#waiting) look();
      },
      ...options,
    });
  }

  get plugins(): string[] {
    const { plugins } = this.#inventory ?? this.path.inventory;
    return plugins.map((plugin) => `${plugin.class} ${plugin.version}`);
  }

  get errors(): string[] {
    return (this.#inventory ?? this.path.inventory).failures.map(({ error }) => error);
  }

  /** Fails by the limit of the test. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.path.stop();
  }
}

/** Of a package with another module. */
function labelledSource(className: string, version: string): string {
  return `
    import { defineSource, string } from '@sluice/connector-api';
    import { label } from './label.js';
    export default defineSource({
      name: '${className}', version: '${version}', config: { topic: string() },
      async *run({ config }) { yield { topic: config.topic, value: label }; },
    });
    export { label };
  `;
}

function orders(version: string, label = version) {
  const files = {
    'index.js': labelledSource('acme.Orders', version),
    'label.js': `export const label = '${label}';`,
  };
  return { name: 'acme-orders', version, files };
}

test('two versions of a class are there side by side, each from its own package', async () => {
  await using folder = await PluginFolder.make();
  await folder.write('orders-1', orders('1.0.0'));
  await folder.write('orders-2', orders('2.0.0'));
  await using watched = new WatchedPath([folder.path]);
  await watched.path.start();
  expect(watched.plugins).toEqual(['acme.Orders 1.0.0', 'acme.Orders 2.0.0']);
  expect(watched.errors).toEqual([]);
  const { index } = watched.path.inventory;
  expect(index.map(({ version, module }) => [version, module.root])).toEqual([
    ['1.0.0', `file://${folder.at('orders-1')}/`],
    ['2.0.0', `file://${folder.at('orders-2')}/`],
  ]);
});

test('connectors, transforms, predicates and converters of one package are all told', async () => {
  await using folder = await PluginFolder.make();
  await folder.write('all', {
    name: 'all',
    files: {
      'index.js': `
        import { defineConverter, definePredicate, defineSink, defineTransform, perRecord, string } from '@sluice/connector-api';
        const common = { version: '1.0.0', config: { key: string().default('x') } };
        export const plugins = [
          defineSink({ ...common, name: 'acme.Sink', put: () => {} }),
          defineTransform({ ...common, name: 'acme.Upper', create: () => perRecord((record) => record) }),
          definePredicate({ ...common, name: 'acme.HasKey', create: () => ({ test: (records) => ({ matches: records.map(() => true), failures: [] }) }) }),
          defineConverter({ ...common, name: 'acme.TextConverter', create: () => ({}) }),
        ];
      `,
    },
  });
  await using watched = new WatchedPath([folder.path]);
  await watched.path.start();
  expect(watched.errors).toEqual([]);
  const { plugins } = watched.path.inventory;
  expect(plugins.map((plugin) => [plugin.type, plugin.class])).toEqual([
    ['sink', 'acme.Sink'],
    ['transformation', 'acme.Upper'],
    ['predicate', 'acme.HasKey'],
    ['converter', 'acme.TextConverter'],
    ['header_converter', 'acme.TextConverter'],
  ]);
  for (const { configKeys } of plugins) expect(configKeys.map(({ name }) => name)).toEqual(['key']);
});

test('packages that throw, block, exit or lack something are told by name; the others are used', async () => {
  await using folder = await PluginFolder.make();
  const bad = {
    throws: 'throw new Error("no native binding")',
    blocks: 'for (;;) {}',
    waits: 'await new Promise(() => {})',
    exits: 'process.exit(3)',
    syntax: 'export default {',
    lacks: "import 'not-installed'",
    nothing: 'export const answer = 42',
  };
  for (const [name, text] of Object.entries(bad))
    await folder.write(name, { name, files: { 'index.js': text } });
  await folder.write('good', orders('1.0.0'));
  await using watched = new WatchedPath([folder.path], { scanLimitMs: 1_500, lookEveryMs: 60_000 });
  await watched.path.start();
  expect(watched.plugins).toEqual(['acme.Orders 1.0.0']);
  const errors = new Map(
    watched.path.inventory.failures.map(({ specifier, error }) => [specifier.split(' ')[2], error]),
  );
  expect(new Set(errors.keys())).toEqual(new Set(Object.keys(bad)));
  expect(errors.get('throws')).toContain('no native binding');
  expect(errors.get('blocks')).toContain('blocked its thread');
  expect(errors.get('waits')).toContain('did not finish importing within 1500 ms');
  expect(errors.get('exits')).toContain('exit code 3');
  expect(errors.get('syntax')).toContain('SyntaxError');
  expect(errors.get('lacks')).toContain('not-installed');
  expect(errors.get('nothing')).toContain('exports no connector');
  for (const [name, error] of errors) expect(error).toContain(`./index.js of ${name} 1.0.0`);
});

test('a package that is put there, replaced and taken away is noticed', async () => {
  await using folder = await PluginFolder.make();
  await using watched = new WatchedPath([folder.path]);
  await watched.path.start();
  expect(watched.plugins).toEqual([]);
  await folder.write('orders', orders('1.0.0'));
  await watched.until(() => watched.plugins.join() === 'acme.Orders 1.0.0');
  await folder.write('orders', orders('1.1.0'));
  await watched.until(() => watched.plugins.join() === 'acme.Orders 1.1.0');
  await folder.write('orders-2', orders('2.0.0'));
  await watched.until(() => watched.plugins.join() === 'acme.Orders 1.1.0,acme.Orders 2.0.0');
  await folder.remove('orders');
  await watched.until(() => watched.plugins.join() === 'acme.Orders 2.0.0');
});

test('a package that is half there is told once it stays so, and used when it is whole', async () => {
  await using folder = await PluginFolder.make();
  await using watched = new WatchedPath([folder.path]);
  await watched.path.start();
  const manifest = JSON.stringify({ name: 'o', version: '1', sluice: { plugins: ['./index.js'] } });
  await folder.writeFiles('orders', { 'package.json': manifest.slice(0, 10) });
  await watched.until(() => watched.errors.some((error) => error.includes('cannot be read')));
  await folder.writeFiles('orders', { 'package.json': manifest });
  await watched.until(() => watched.errors.some((error) => error.includes('has no ./index.js')));
  const { 'index.js': index, 'label.js': label } = orders('1.0.0').files;
  await folder.writeFiles('orders', { 'index.js': index });
  await watched.until(() => watched.errors.some((error) => error.includes('label.js')));
  // Neither package.json nor the module that it names changes any more: it is tried again by itself.
  await folder.writeFiles('orders', { 'label.js': label });
  await watched.until(() => watched.plugins.join() === 'acme.Orders 1.0.0');
  expect(watched.errors).toEqual([]);
});

/** Looks when it is told to. */
class SteppedClock implements Clock {
  readonly wallMs = (): number => systemClock.wallMs();
  readonly monotonicMs = (): number => systemClock.monotonicMs();
  readonly after = (ms: number, action: () => void): Timer => systemClock.after(ms, action);
  #wake: (() => void) | undefined;
  #asleep = Promise.withResolvers<void>();

  async sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#asleep.resolve();
    if (!signal?.aborted) await woken;
  }

  /** Resolves when the look is over. */
  async look(): Promise<void> {
    await this.#asleep.promise;
    this.#asleep = Promise.withResolvers<void>();
    this.#wake?.();
    await this.#asleep.promise;
  }
}

test('what is seen once does not count: not a gap between two versions, not half of one', async () => {
  await using folder = await PluginFolder.make();
  await folder.write('path/orders', orders('1.0.0'));
  const told: string[][] = [];
  const clock = new SteppedClock();
  await using watched = new WatchedPath([folder.at('path')], {
    clock,
    onChange: ({ plugins }) => told.push(plugins.map(({ version }) => version)),
  });
  await watched.path.start();
  await folder.write('next', orders('1.1.0'));
  await fs.rename(folder.at('path/orders'), folder.at('before'));
  await clock.look();
  await folder.writeFiles('path/orders', { 'package.json': '{' });
  await clock.look();
  await folder.remove('path/orders');
  await fs.rename(folder.at('next'), folder.at('path/orders'));
  await clock.look();
  expect(told).toEqual([]);
  await clock.look();
  expect(told).toEqual([['1.1.0']]);
  await folder.remove('path/orders');
  await clock.look();
  expect(told).toHaveLength(1);
  await clock.look();
  expect(told).toEqual([['1.1.0'], []]);
});

test('the same class and version twice: the first is used, the other is told', async () => {
  await using folder = await PluginFolder.make();
  await folder.write('a', orders('1.0.0', 'a'));
  await folder.write('b', orders('1.0.0', 'b'));
  await using watched = new WatchedPath([folder.path]);
  await watched.path.start();
  expect(watched.plugins).toEqual(['acme.Orders 1.0.0']);
  expect(watched.errors).toEqual([
    expect.stringMatching(/'acme.Orders' 1.0.0 of .*\/b\) is also defined by .*\/a\)/),
  ]);
});

test('stopping does not wait for a package that blocks while it is scanned', async () => {
  await using folder = await PluginFolder.make();
  const clock = new SteppedClock();
  const watched = new WatchedPath([folder.path], { clock, scanLimitMs: 60_000 });
  await watched.path.start();
  await folder.write('blocks', { name: 'blocks', files: { 'index.js': 'for (;;) {}' } });
  await clock.look();
  const scanning = clock.look();
  await systemClock.sleep(300);
  const startMs = systemClock.monotonicMs();
  await watched.path.stop();
  expect(systemClock.monotonicMs() - startMs).toBeLessThan(5_000);
  expect(watched.plugins).toEqual([]);
  void scanning;
});
