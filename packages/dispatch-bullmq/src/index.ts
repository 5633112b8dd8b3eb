export { type BoardOptions, boardPlugin } from './boards.ts';
export { BullDispatcher, type BullDispatcherOptions } from './bull-dispatcher.ts';
export type { RedisTarget } from './connection.ts';
export {
  LeaderWakeConsumer,
  type LeaderWakeConsumerOptions,
  LeaderWakeQueue,
  type LeaderWakeQueueOptions,
} from './leader-wake-queue.ts';
export { queuePrefix, requestsQueueName, startQueueName } from './names.ts';
export { QueueRegistry, type QueueRegistryOptions } from './queue-registry.ts';
export {
  type StartJobOutcome,
  StartQueueConsumer,
  type StartQueueConsumerOptions,
} from './start-queue-consumer.ts';
