/** `kc`, a command line in Python: it writes booleans as Python does, and sends requests without a body or a type. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { waitFor } from '@sluice/testkit';
import { runCommand } from '../../scripts/run-command.ts';
import { fileSource } from '../api/connectors.ts';
import type { ConformanceCase } from '../case.ts';
import type { Trial } from '../trial.ts';
import { obtainPython, pythonPackages } from './tools.ts';

interface Status {
  readonly connector: { readonly state: string };
  readonly tasks: readonly { readonly id: number; readonly state: string }[];
}

export const kcCases: readonly ConformanceCase[] = [
  {
    title: `python: ${pythonPackages[0]}, the command line kc`,
    run: async (trial) => {
      const kc = await commandLine(trial);
      const connector = trial.connector('kc');
      const { name } = connector;
      const topic = await trial.topic('lines');
      const config = { ...fileSource(trial, topic, ['one']), name };
      const untilState = async (state: string, tasks: readonly string[]): Promise<void> => {
        await waitFor(async () => (await kc('status', name)) as Status, {
          what: `${name} to be ${state}`,
          until: (seen) =>
            seen.connector.state === state &&
            seen.tasks.map((task) => task.state).join() === tasks.join(),
          timeoutMs: 40_000,
          intervalMs: 200,
        });
      };
      assert.match(((await kc('info')) as { version: string }).version, /^\d+\.\d+/);
      const created = await kc('create', '-d', JSON.stringify({ name, config }));
      assert.deepEqual(created, { name, config, tasks: [], type: 'source' });
      await untilState('RUNNING', ['RUNNING']);
      assert.deepEqual(await kc('config', name), config);
      const listed = await kc('list', '-e', 'status', '-p', name, '-s', 'RUNNING');
      assert.deepEqual(Object.keys(listed as object), [name]);
      const changed = { ...config, 'batch.size': '7' };
      const updated = await kc('update', name, '-d', JSON.stringify(changed));
      assert.deepEqual((updated as { config: object }).config, changed);
      await untilState('RUNNING', ['RUNNING']);
      // includeTasks=True&onlyFailed=True
      await kc('restart', name, '--include-tasks', '--only-failed');
      await kc('restart', name, '--include-tasks');
      await untilState('RUNNING', ['RUNNING']);
      await kc('restart-task', name, '0');
      await untilState('RUNNING', ['RUNNING']);
      assert.equal(((await kc('task-status', name, '0')) as { state: string }).state, 'RUNNING');
      assert.equal(((await kc('list-tasks', name)) as unknown[]).length, 1);
      await kc('pause', name);
      await untilState('PAUSED', ['PAUSED']);
      await kc('resume', name);
      await untilState('RUNNING', ['RUNNING']);
      await waitFor(async () => await kc('list-topics', name), {
        what: `${name} to use its topic`,
        until: (seen) => JSON.stringify(seen) === JSON.stringify({ [name]: { topics: [topic] } }),
        timeoutMs: 40_000,
        intervalMs: 200,
      });
      await kc('reset-topics', name);
      const plugins = (await kc('list-plugins')) as { class: string }[];
      assert.ok(plugins.some((plugin) => plugin.class.endsWith('.FileStreamSourceConnector')));
      await kc('delete', name);
      assert.ok(!((await kc('list')) as string[]).includes(name));
      assert.match(String(await kc('get', name)), /404 Client Error: Not Found/);
    },
  },
];

/** What it prints, parsed if it is JSON. */
async function commandLine(trial: Trial): Promise<(...args: string[]) => Promise<unknown>> {
  const kc = join(await obtainPython(), 'kc');
  return async (...args) => {
    const options = ['-u', trial.target.url()];
    const { code, output } = await runCommand(kc, [...options, ...args], { timeoutMs: 60_000 });
    assert.equal(code, 0, `kc ${args.join(' ')}: ${output}`);
    try {
      return JSON.parse(output) as unknown;
    } catch {
      return output;
    }
  };
}
