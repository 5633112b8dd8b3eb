#!lua flags=allow-oom
-- Removes a group from one partition, and trims what only it had not read.
--
-- KEYS[1]  set of the group's partitions
-- KEYS[2]  bytes of the whole log
-- KEYS[3]  offsets hash {group: offset}
-- KEYS[4]  stream
-- KEYS[5]  meta hash
-- KEYS[6]  segments list
-- ARGV[1]  group
-- ARGV[2]  name of the partition '<topic>/<partition>'
-- Returns  {'ok'}
--@include text
--@include segments

redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('SREM', KEYS[1], ARGV[2])
local lowest = slowestGroup(KEYS[3])
if lowest then dropSegments(KEYS[4], KEYS[5], KEYS[6], KEYS[2], lowest, 1024, math.huge) end
return {'ok'}
