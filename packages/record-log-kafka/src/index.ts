export { type ConnectParts, kafkaLogOptions } from './connect-options.ts';
export { KafkaLog } from './kafka-log.ts';
export type { Compression, KafkaLogOptions, KafkaSasl, KafkaTls } from './options.ts';
export type { KafkaSaslSettings, TokenSource } from './sasl-settings.ts';
export { type KafkaSettings, kafkaSettingsHelp, readKafkaSettings } from './settings.ts';
export type { KafkaTlsSettings } from './tls-settings.ts';
