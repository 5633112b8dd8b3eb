export type { Compression, KafkaLogOptions, KafkaSasl, KafkaTls } from './options.ts';
