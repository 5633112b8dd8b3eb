#!lua flags=allow-oom
--- Keeps a session for a while.
---
--- KEYS    1 tag
--- ARGV    1 id · 2 session · 3 ms to keep it · 4 most sessions · 5 owner, hashed · 6 most sessions of an owner
--- Returns 'put'
--- Beyond the most, those that would end first end; an owner's own, before anybody else's.
local tag = KEYS[1]
--- @include "time"
local sessions, key = tag .. ':sessions', tag .. ':session:' .. ARGV[1]
local own = tag .. ':sessions-of:' .. ARGV[5]
redis.call('SET', key, ARGV[2], 'PX', ARGV[3])
redis.call('ZADD', sessions, nowMs + ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYSCORE', sessions, '-inf', nowMs)
redis.call('ZADD', own, nowMs + ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYSCORE', own, '-inf', nowMs)
redis.call('PEXPIREAT', own, redis.call('ZRANGE', own, -1, -1, 'WITHSCORES')[2])
-- Those that were ended since have left no trace here.
for _, id in ipairs(redis.call('ZRANGE', own, 0, -1)) do
  if redis.call('EXISTS', tag .. ':session:' .. id) == 0 then redis.call('ZREM', own, id) end
end
local surplusOwn = redis.call('ZCARD', own) - tonumber(ARGV[6])
if surplusOwn > 0 then
  for _, id in ipairs(redis.call('ZRANGE', own, 0, surplusOwn - 1)) do
    redis.call('DEL', tag .. ':session:' .. id)
    redis.call('ZREM', sessions, id)
    redis.call('ZREM', own, id)
  end
end
local surplus = redis.call('ZCARD', sessions) - tonumber(ARGV[4])
if surplus > 0 then
  for _, id in ipairs(redis.call('ZRANGE', sessions, 0, surplus - 1)) do
    redis.call('DEL', tag .. ':session:' .. id)
    redis.call('ZREM', sessions, id)
  end
end
return 'put'
