/** Kafka's VerifiableSourceConnector: numbered records, so that a reader can prove that none is missing. */
import { defineSource, type SourcePlugin } from '@sluice/connector-api';
import { nextSeqno, numbered, sequenceConfig, sequenceOf } from './sequence.ts';

export const verifiableSource: SourcePlugin = defineSource({
  name: 'VerifiableSource',
  class: 'org.apache.kafka.connect.tools.VerifiableSourceConnector',
  version: '1.0.0',
  config: sequenceConfig,
  exactlyOnceSupport: () => 'SUPPORTED',
  tasks: ({ max }) => numbered(max),
  sourcePartition: ({ work }) => ({ id: work.id }),
  run: ({ config, work, offset, connector, signal }) =>
    sequenceOf({
      name: connector,
      task: work.id,
      topic: config.topic,
      throughput: config.throughput,
      fillerBytes: config['payload.bytes'],
      from: nextSeqno(offset),
      signal,
    }),
});
