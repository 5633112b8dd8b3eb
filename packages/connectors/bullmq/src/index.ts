import type { ConnectorPlugin } from '@sluice/connector-api';
import { bullmqSink } from './bullmq-sink.ts';
import { bullmqSource } from './bullmq-source.ts';

export { bullmqSink, bullmqSource };

export const plugins: readonly ConnectorPlugin[] = [bullmqSource, bullmqSink];
