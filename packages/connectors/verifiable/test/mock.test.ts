import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mockSink, mockSource } from '../src/index.ts';
import { connectorContext, sinkContext, startSource } from './contexts.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a mock connector', () => {
  test('has one task whatever is asked for', async () => {
    const connector = mockSource.createConnector();
    await connector.start?.({ delay_ms: '5' }, connectorContext());
    expect(await connector.taskConfigs(3)).toEqual([{ delay_ms: '5' }]);
  });

  test('fails after its delay when it is told to', async () => {
    const raised: unknown[] = [];
    const context = connectorContext((error) => raised.push(error));
    const connector = mockSink.createConnector();
    await connector.start?.({ mock_mode: 'connector-failure', delay_ms: '500' }, context);
    await vi.advanceTimersByTimeAsync(499);
    expect(raised).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(raised).toMatchObject([{ message: 'mock connector failure' }]);
    await connector.stop?.();
  });

  test('fails no more once it is stopped', async () => {
    const raised: unknown[] = [];
    const context = connectorContext((error) => raised.push(error));
    const connector = mockSource.createConnector();
    await connector.start?.({ mock_mode: 'connector-failure' }, context);
    await connector.stop?.();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(raised).toEqual([]);
  });

  test('refuses another mode', () => {
    const connector = mockSource.createConnector();
    expect(() => connector.start?.({ mock_mode: 'panic' }, connectorContext())).toThrow(
      'String must be one of: connector-failure, task-failure',
    );
  });
});

describe('a mock task', () => {
  test('of a sink fails after its delay, and asks to be called until then', async () => {
    const timeouts: number[] = [];
    const task = mockSink.createTask();
    const config = { mock_mode: 'task-failure', delay_ms: '1000' };
    await task.start(
      config,
      sinkContext(0, (ms) => timeouts.push(ms)),
    );
    await task.put([]);
    expect(timeouts).toEqual([250, 250]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(() => task.put([])).toThrow('mock task failure');
  });

  test('of a source fails after its delay', async () => {
    vi.useRealTimers();
    const task = await startSource(mockSource, { mock_mode: 'task-failure', delay_ms: '10' });
    const polls = async () => {
      for (;;) await task.poll();
    };
    await expect(polls()).rejects.toThrow('mock task failure');
  });

  test('does nothing without a mode, and ends when it is stopped', async () => {
    vi.useRealTimers();
    const abort = new AbortController();
    const task = await startSource(mockSource, {}, { signal: abort.signal });
    expect(await task.poll()).toBeNull();
    abort.abort();
    expect(await task.poll()).toBeNull();
  });
});
