/**
 * Traces: OpenTelemetry's own variables, so that whoever sets them for other programs has them set for this one. Off
 * unless an endpoint or an exporter is named. Plain data, since executors get it.
 */
import type { SettingsReader } from '@sluice/kernel';

export interface OtlpSettings {
  readonly kind: 'otlp';
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly url: string;
  /** With keys: not to be logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly compression: 'none' | 'gzip';
  /** Files. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export const samplerNames = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export interface TraceSettings {
  readonly exporter: OtlpSettings | { readonly kind: 'console' };
  readonly service: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly sampler: { readonly name: (typeof samplerNames)[number]; readonly ratio: number };
  /** Records carry the trace that they were written in, and sinks look for it. */
  readonly propagates: boolean;
  readonly batch: {
    readonly delayMs: number;
    readonly queueMax: number;
    readonly exportMax: number;
    readonly exportTimeoutMs: number;
  };
}

export const traceSettingsHelp = `Traces, off unless an endpoint or an exporter is named; OpenTelemetry's variables:
  OTEL_EXPORTER_OTLP_ENDPOINT                           collector to send spans to, as http://localhost:4318, or with
                                                        its path OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
  OTEL_TRACES_EXPORTER         otlp with an endpoint    otlp, console or none
  OTEL_EXPORTER_OTLP_PROTOCOL  http/protobuf            or http/json
  OTEL_TRACES_SAMPLER          parentbased_always_on    with OTEL_TRACES_SAMPLER_ARG for ratios; the others, as
                                                        OTEL_SERVICE_NAME, are in docs/reference/settings.md`;

const dayMs = 86_400_000;

/** Undefined: no traces. Problems are told to the reader; where there are no traces, none is looked for. */
export function readTraceSettings(reader: SettingsReader): TraceSettings | undefined {
  if (reader.boolean('OTEL_SDK_DISABLED')) return undefined;
  const endpoint = endpointOf(reader);
  const exporters = ['otlp', 'console', 'none'] as const;
  const kind = reader.oneOf(
    'OTEL_TRACES_EXPORTER',
    exporters,
    endpoint === undefined ? 'none' : 'otlp',
  );
  if (kind === 'none') return undefined;
  const queueMax = reader.integer('OTEL_BSP_MAX_QUEUE_SIZE', 2_048, { min: 1, max: 1_000_000 });
  return {
    exporter: kind === 'console' ? { kind } : readOtlp(reader, endpoint ?? defaultEndpoint),
    ...readResource(reader),
    sampler: readSampler(reader),
    propagates: readPropagates(reader),
    batch: {
      delayMs: reader.integer('OTEL_BSP_SCHEDULE_DELAY', 5_000, { min: 1, max: dayMs }),
      queueMax,
      exportMax: Math.min(
        queueMax,
        reader.integer('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512, { min: 1, max: 100_000 }),
      ),
      exportTimeoutMs: reader.integer('OTEL_BSP_EXPORT_TIMEOUT', 30_000, { min: 1, max: dayMs }),
    },
  };
}

const defaultEndpoint = 'http://localhost:4318/v1/traces';

/** That for traces is taken as it is; the common one gets the path of traces. */
function endpointOf(reader: SettingsReader): string | undefined {
  const own = reader.optional('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  if (own !== undefined) return own;
  const common = reader.optional('OTEL_EXPORTER_OTLP_ENDPOINT');
  return common && `${common.replace(/\/+$/, '')}/v1/traces`;
}

function readOtlp(reader: SettingsReader, url: string): OtlpSettings {
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) {
    // Not the value: it may hold a password.
    reader.problem(
      'OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is not a URL with http:// or https://',
    );
  }
  const tls = (name: string): string | undefined => forTraces(reader, name);
  const [ca, cert, key] = [tls('CERTIFICATE'), tls('CLIENT_CERTIFICATE'), tls('CLIENT_KEY')];
  return {
    kind: 'otlp',
    protocol: readProtocol(reader),
    url,
    headers: {
      ...readPairs(reader, 'OTEL_EXPORTER_OTLP_HEADERS'),
      ...readPairs(reader, 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'),
    },
    timeoutMs: reader.integer(nameOf(reader, 'TIMEOUT'), 10_000, { min: 1, max: dayMs }),
    compression: reader.oneOf(nameOf(reader, 'COMPRESSION'), ['none', 'gzip'], 'none'),
    tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
  };
}

/** The one for traces goes before the one for everything. */
function nameOf(reader: SettingsReader, name: string): string {
  const own = `OTEL_EXPORTER_OTLP_TRACES_${name}`;
  return reader.optional(own) === undefined ? `OTEL_EXPORTER_OTLP_${name}` : own;
}

function forTraces(reader: SettingsReader, name: string): string | undefined {
  return reader.optional(nameOf(reader, name));
}

function readProtocol(reader: SettingsReader): OtlpSettings['protocol'] {
  const name = nameOf(reader, 'PROTOCOL');
  if (reader.optional(name) === 'grpc') {
    reader.problem(
      `${name}=grpc: traces are sent over HTTP, so set http/protobuf and the port of OTLP/HTTP (4318), or OTEL_TRACES_EXPORTER=none to go without`,
    );
    return 'http/protobuf';
  }
  return reader.oneOf(name, ['http/protobuf', 'http/json'], 'http/protobuf');
}

function readResource(reader: SettingsReader): Pick<TraceSettings, 'service' | 'resource'> {
  const resource = readPairs(reader, 'OTEL_RESOURCE_ATTRIBUTES');
  const { 'service.name': named, ...rest } = resource;
  return { service: reader.optional('OTEL_SERVICE_NAME') ?? named ?? 'sluice', resource: rest };
}

function readSampler(reader: SettingsReader): TraceSettings['sampler'] {
  const name = reader.oneOf('OTEL_TRACES_SAMPLER', samplerNames, 'parentbased_always_on');
  const text = reader.optional('OTEL_TRACES_SAMPLER_ARG');
  const ratio = text === undefined || !name.endsWith('ratio') ? 1 : Number(text);
  if (!(ratio >= 0 && ratio <= 1))
    reader.problem(`OTEL_TRACES_SAMPLER_ARG=${text} is not a number from 0 to 1`);
  return { name, ratio };
}

/** We have no baggage of our own, and pass on none. */
function readPropagates(reader: SettingsReader): boolean {
  const known = ['tracecontext', 'baggage', 'none'];
  const named = reader.list('OTEL_PROPAGATORS');
  for (const each of named.filter((name) => !known.includes(name)))
    reader.problem(`OTEL_PROPAGATORS: ${each} is not one of ${known.join(', ')}`);
  return named.length === 0 || (named.includes('tracecontext') && !named.includes('none'));
}

/** `key=value,key=value`, percent-encoded. What is wrong is told without the values: they may be secrets. */
function readPairs(reader: SettingsReader, name: string): Record<string, string> {
  const pairs = reader.list(name).map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, Math.max(0, at)).trim(), decoded(pair.slice(at + 1).trim())] as const;
  });
  if (pairs.some(([key, value]) => key === '' || value === undefined))
    reader.problem(`${name} is not a list of key=value, with values percent-encoded`);
  return Object.fromEntries(pairs.map(([key, value]) => [key, value ?? '']));
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
