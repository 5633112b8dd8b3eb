/** OpenTelemetry's variables, as a worker reads them. */
import { SettingsReader, type SluiceError } from '@sluice/kernel';
import { expect, test } from 'vitest';

import { readTraceSettings, type TraceSettings } from '../src/traces/settings.ts';

function read(environment: Record<string, string>): TraceSettings | undefined {
  const reader = new SettingsReader(environment);
  const settings = readTraceSettings(reader);
  reader.check();
  return settings;
}

function problems(environment: Record<string, string>): string[] {
  try {
    read(environment);
    return [];
  } catch (error) {
    return (error as SluiceError).message.split('\n');
  }
}

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };

test('there are no traces unless an endpoint or an exporter is named, or where they are switched off', () => {
  expect(read({})).toBeUndefined();
  expect(read({ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'nonsense' })).toBeUndefined();
  expect(read({ ...endpoint, OTEL_SDK_DISABLED: 'true' })).toBeUndefined();
  expect(read({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' })).toBeUndefined();
  expect(read({ OTEL_TRACES_EXPORTER: 'console' })?.exporter).toEqual({ kind: 'console' });
  expect(read({ OTEL_TRACES_EXPORTER: 'otlp' })?.exporter).toMatchObject({
    url: 'http://localhost:4318/v1/traces',
  });
});

test('an endpoint is enough, and the rest is as OpenTelemetry has it', () => {
  expect(read(endpoint)).toEqual({
    exporter: {
      kind: 'otlp',
      protocol: 'http/protobuf',
      url: 'http://collector:4318/v1/traces',
      headers: {},
      timeoutMs: 10_000,
      compression: 'none',
      tls: {},
    },
    service: 'sluice',
    resource: {},
    sampler: { name: 'parentbased_always_on', ratio: 1 },
    propagates: true,
    batch: { delayMs: 5_000, queueMax: 2_048, exportMax: 512, exportTimeoutMs: 30_000 },
  });
});

test('what is said of traces goes before what is said of everything', () => {
  const settings = read({
    ...endpoint,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces/in',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b,team=x',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'team=y=z',
    OTEL_EXPORTER_OTLP_TIMEOUT: '5000',
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/ca.pem',
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=orders,deployment.environment.name=test',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
    OTEL_PROPAGATORS: 'none',
    OTEL_BSP_MAX_QUEUE_SIZE: '100',
    OTEL_BSP_SCHEDULE_DELAY: '250',
  });
  expect(settings).toMatchObject({
    exporter: {
      url: 'https://traces/in',
      protocol: 'http/json',
      headers: { 'api-key': 'a b', team: 'y=z' },
      timeoutMs: 5_000,
      compression: 'gzip',
      tls: { ca: '/ca.pem' },
    },
    service: 'orders',
    resource: { 'deployment.environment.name': 'test' },
    sampler: { name: 'parentbased_traceidratio', ratio: 0.25 },
    propagates: false,
    batch: { delayMs: 250, queueMax: 100, exportMax: 100 },
  });
  expect(read({ ...endpoint, OTEL_PROPAGATORS: 'baggage' })?.propagates).toBe(false);
  expect(read({ ...endpoint, OTEL_PROPAGATORS: 'tracecontext,baggage' })?.propagates).toBe(true);
});

test('whatever is wrong is told with the remedy, and without what may be secret', () => {
  expect(problems({ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toEqual([
    expect.stringMatching(/=grpc: .*set http\/protobuf and the port .*4318.*=none to go without/),
  ]);
  const wrong = problems({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:hunter2',
    OTEL_EXPORTER_OTLP_HEADERS: 'hunter2',
    OTEL_RESOURCE_ATTRIBUTES: 'a=%hunter2',
    OTEL_TRACES_SAMPLER: 'sometimes',
    OTEL_PROPAGATORS: 'b3',
  });
  expect(wrong).toHaveLength(5);
  expect(wrong.join()).not.toContain('hunter2');
  const ratio = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' };
  expect(problems({ ...endpoint, ...ratio })).toEqual([
    'OTEL_TRACES_SAMPLER_ARG=2 is not a number from 0 to 1',
  ]);
});
