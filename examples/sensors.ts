/**
 * The same kind of connector, grown: several tasks that share the sensors, batches, a schema, a header, a
 * timestamp. Compare it with clock.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  defineSource,
  int,
  list,
  RetriableError,
  schemas,
  string,
  structSchema,
} from '@sluice/connector-api';

const readingSchema = structSchema(
  { sensor: schemas.string, celsius: schemas.float64, number: schemas.int64 },
  { name: 'org.example.Reading', version: 1 },
);

export default defineSource({
  name: 'sensors',
  class: 'org.example.SensorSourceConnector',
  version: '1.0.0',
  config: {
    topic: string().default('readings').doc('Topic that the readings go to.'),
    sensors: list().nonEmpty().importance('high').doc('Names of the sensors to read.'),
    everyMs: int().min(10).default(1000).doc('Pause between two readings of all sensors, in ms.'),
  },

  /** Sensor i belongs to task i mod N; what a task stands for are the sensors, not its number. */
  tasks: ({ config, max }) =>
    Array.from({ length: Math.min(max, config.sensors.length) }, (_, task) => ({
      sensors: config.sensors.filter((_name, index) => index % max === task),
    })),

  async *run({ config, work, offsets, signal }) {
    const partitions = work.sensors.map((sensor) => ({ sensor }));
    const stored = await offsets(partitions);
    const numbers = stored.map((offset) => Number(offset?.number ?? 0));
    for (;;) {
      const timestampMs = Date.now();
      yield partitions.map((sourcePartition, index) => {
        const number = (numbers[index] ?? 0) + 1;
        numbers[index] = number;
        const { sensor } = sourcePartition;
        return {
          topic: config.topic,
          key: sensor,
          keySchema: schemas.string,
          value: { sensor, celsius: read(sensor), number },
          valueSchema: readingSchema,
          headers: [{ name: 'unit', value: 'celsius' }],
          timestampMs,
          sourcePartition,
          offset: { number },
        };
      });
      await sleep(config.everyMs, undefined, { signal });
    }
  },
});

function read(sensor: string): number {
  // A real one would ask the device. After a RetriableError `run` is called again, where it left off.
  if (sensor === '') throw new RetriableError('a sensor without a name does not answer');
  return 20 + Math.round(Math.random() * 100) / 10;
}
