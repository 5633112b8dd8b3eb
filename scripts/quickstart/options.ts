import { parseArgs } from 'node:util';
import { SluiceError, toError } from '@sluice/kernel';

export interface QuickstartOptions {
  readonly help: boolean;
  readonly fresh: boolean;
  /** Records travel through Kafka, of its own unless KAFKA_BROKERS names one. */
  readonly kafka: boolean;
  readonly port: number;
  readonly workers: number;
}

const portDefault = 8083;
const workersDefault = 2;
const workersMax = 8;

export const usage = `usage: npm run quickstart [-- OPTION…]

Starts Redis (unless REDIS_URL names one), a coordinator and two workers, applies a first pipeline, shows
that a line goes through it, and stays up until Ctrl-C, which stops all that it started.

  --port N      of the REST API (default ${portDefault})
  --workers N   how many workers, 1 to ${workersMax} (default ${workersDefault})
  --kafka       records travel through Kafka instead of Redis Streams: through the one that KAFKA_BROKERS
                names (with the other KAFKA_… settings of Sluice), else one that it gets and starts itself
  --fresh       forget what earlier quickstarts left: files, offsets, definitions
  --help
`;

/** @throws SluiceError `quickstart.usage` that names the option. */
export function parseOptions(args: readonly string[]): QuickstartOptions {
  let values: {
    port?: string;
    workers?: string;
    kafka?: boolean;
    fresh?: boolean;
    help?: boolean;
  };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        workers: { type: 'string' },
        kafka: { type: 'boolean' },
        fresh: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    throw new SluiceError('quickstart.usage', `${toError(error).message}\n\n${usage}`);
  }
  return {
    help: values.help ?? false,
    fresh: values.fresh ?? false,
    // As for all processes of Sluice: naming brokers chooses Kafka.
    kafka: (values.kafka ?? false) || Boolean(process.env['KAFKA_BROKERS']?.trim()),
    port: wholeNumber('--port', values.port, { fallback: portDefault, min: 1, max: 65_535 }),
    workers: wholeNumber('--workers', values.workers, {
      fallback: workersDefault,
      min: 1,
      max: workersMax,
    }),
  };
}

function wholeNumber(
  option: string,
  text: string | undefined,
  { fallback, min, max }: { fallback: number; min: number; max: number },
): number {
  if (text === undefined) return fallback;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new SluiceError(
    'quickstart.usage',
    `${option} ${text}: must be a whole number from ${min} to ${max}`,
  );
}
