import { afterAll, beforeAll } from 'vitest';
import { PlayedRegistry } from './played-registry.ts';
import { describeRegistry } from './registry-suite.ts';

let played: Awaited<ReturnType<PlayedRegistry['listen']>>;

beforeAll(async () => {
  played = await new PlayedRegistry().listen();
});
afterAll(async () => {
  await played[Symbol.asyncDispose]();
});

describeRegistry(() => played.url);
