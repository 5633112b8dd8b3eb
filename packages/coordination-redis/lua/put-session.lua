#!lua flags=allow-oom
--- Keeps a session for a while.
---
--- KEYS    1 tag
--- ARGV    1 id · 2 session · 3 ms to keep it · 4 most sessions
--- Returns 'put'
--- Beyond the most, those that would end first end.
local tag = KEYS[1]
--- @include "time"
local sessions, key = tag .. ':sessions', tag .. ':session:' .. ARGV[1]
redis.call('SET', key, ARGV[2], 'PX', ARGV[3])
redis.call('ZADD', sessions, nowMs + ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYSCORE', sessions, '-inf', nowMs)
local surplus = redis.call('ZCARD', sessions) - tonumber(ARGV[4])
if surplus > 0 then
  for _, id in ipairs(redis.call('ZRANGE', sessions, 0, surplus - 1)) do
    redis.call('DEL', tag .. ':session:' .. id)
    redis.call('ZREM', sessions, id)
  end
end
return 'put'
