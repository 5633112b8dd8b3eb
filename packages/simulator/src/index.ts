export { LuaCompileError } from './lua/lua-error.ts';
export { fakeClient, type Link } from './redis/client.ts';
export { FakeRedis, type FakeRedisOptions } from './redis/fake-redis.ts';
export type { KeyPicture } from './redis/picture.ts';
export { ReplyError } from './redis/reply-error.ts';
export { type ReplacedFiles, ScriptBook } from './redis/script-book.ts';
