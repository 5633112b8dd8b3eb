#!lua flags=allow-oom
--- Sets the level of a logger for the whole cluster, and forgets those that were set for loggers below it.
---
--- KEYS    1 tag
--- ARGV    1 logger · 2 level
--- Returns 'set' | 'full'
--- Refuses (full) more than 1 000 loggers with a level of their own.
local tag = KEYS[1]
--- @include "time"
local loggersMax = 1000
local key, logger = tag .. ':loggers', ARGV[1]
local prefix = logger .. '.'
local set = redis.call('HGETALL', key)
for index = 1, #set, 2 do
  local isBelow = string.sub(set[index], 1, #prefix) == prefix
  if isBelow or logger == 'root' then redis.call('HDEL', key, set[index]) end
end
if redis.call('HLEN', key) >= loggersMax and redis.call('HEXISTS', key, logger) == 0 then return 'full' end
redis.call('HSET', key, logger, ARGV[2] .. '|' .. string.format('%.0f', nowMs))
return 'set'
