#!lua flags=allow-oom
-- Stores the offsets of a group (the COMMIT of a sink) and trims what every known group has read. It
-- compares the fence only: operators may rewind. Allowed when memory is full, since it frees some.
--
-- KEYS[1]  fence hash of the reader
-- KEYS[2]  set of the group's partitions
-- KEYS[3]  bytes of the whole log
-- KEYS[4…] for each partition: offsets hash {group: offset}, stream, meta hash, segments list
-- ARGV[1]  fence
-- ARGV[2]  group
-- ARGV[3…] for each partition: its name '<topic>/<partition>', offset
-- Returns  {'ok'}
--          {'unopened'}, {'fenced', fence}   see fence.lua
--@include text
--@include fence
--@include segments

local refused = refusedByFence(KEYS[1], ARGV[1])
if refused then return refused end
for i = 1, (#KEYS - 3) / 4 do
  local k, a = 3 + (i - 1) * 4, 2 + (i - 1) * 2
  local offsets, stream, meta, segments = KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4]
  redis.call('HSET', offsets, ARGV[2], ARGV[a + 2])
  redis.call('SADD', KEYS[2], ARGV[a + 1])
  dropSegments(stream, meta, segments, KEYS[3], slowestGroup(offsets), 64, math.huge)
end
return {'ok'}
