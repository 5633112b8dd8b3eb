export { MemoryLog, type MemoryLogOptions } from './memory-log.ts';
export { MemoryLogStore, type MemoryLogStoreOptions } from './memory-log-store.ts';
