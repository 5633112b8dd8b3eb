#!lua flags=allow-oom
-- Stores the offsets of a group (the COMMIT of a sink) and trims what every group has read that is still
-- heard of. It compares the fence only: operators may rewind. Allowed when memory is full, since it frees some.
--
-- KEYS[1]  fence hash of the reader
-- KEYS[2]  set of the group's partitions
-- KEYS[3]  bytes of the whole log
-- KEYS[4]  hash of the log's time
-- KEYS[5…] for each partition: offsets hash {group: place}, stream, meta hash, segments list
-- ARGV[1]  fence
-- ARGV[2]  group
-- ARGV[3]  ms after which a group that was not heard of does not count
-- ARGV[4…] for each partition: its name '<topic>/<partition>', offset
-- Returns  {'ok'}
--          {'unopened'}, {'fenced', fence}   see fence.lua
--@include text
--@include fence
--@include log-time
--@include groups
--@include segments

local refused = refusedByFence(KEYS[1], ARGV[1])
if refused then return refused end
local time, retentionMs = logTime(KEYS[4]), tonumber(ARGV[3])
for i = 1, (#KEYS - 4) / 4 do
  local k, a = 4 + (i - 1) * 4, 3 + (i - 1) * 2
  local offsets, stream, meta, segments = KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4]
  redis.call('HSET', offsets, ARGV[2], place(tonumber(ARGV[a + 2]), true, time))
  redis.call('SADD', KEYS[2], ARGV[a + 1])
  local safe = trimmableUpTo(offsets, meta, time, retentionMs)
  dropSegments(stream, meta, segments, KEYS[3], safe, 64, math.huge)
end
return {'ok'}
