#!lua flags=allow-oom
-- Stores the offsets of a source (the COMMIT of a source). It compares the fence only: operators may
-- rewind. Allowed when memory is full: what is overwritten is small, and it keeps restarts short.
--
-- KEYS[1]  fence hash of the writer
-- KEYS[2]  offsets hash of the connector {source partition: offset}
-- ARGV[1]  fence
-- ARGV[2…] pairs of source partition and offset, both JSON; an empty offset removes
-- Returns  {'ok'}
--          {'unopened'}, {'fenced', fence}   see fence.lua
--@include fence

local refused = refusedByFence(KEYS[1], ARGV[1])
if refused then return refused end
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[2], ARGV[i])
  else
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
return {'ok'}
