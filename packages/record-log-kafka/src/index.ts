export { KafkaLog } from './kafka-log.ts';
export type { Compression, KafkaLogOptions, KafkaSasl, KafkaTls } from './options.ts';
