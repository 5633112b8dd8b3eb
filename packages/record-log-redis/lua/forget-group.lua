#!lua flags=allow-oom
-- Removes a group from one partition, and trims what only it had not read. If it was the last one, what is
-- there stays until room is needed.
--
-- KEYS[1]  set of the group's partitions
-- KEYS[2]  bytes of the whole log
-- KEYS[3]  hash of the log's time
-- KEYS[4]  offsets hash {group: place}
-- KEYS[5]  stream
-- KEYS[6]  meta hash
-- KEYS[7]  segments list
-- ARGV[1]  group
-- ARGV[2]  name of the partition '<topic>/<partition>'
-- ARGV[3]  ms after which a group that was not heard of does not count
-- Returns  {'ok'}
--@include text
--@include log-time
--@include groups
--@include segments

local wasKnown = redis.call('HDEL', KEYS[4], ARGV[1]) == 1
redis.call('SREM', KEYS[1], ARGV[2])
if wasKnown and redis.call('HGET', KEYS[6], 'next') then
  redis.call('HSET', KEYS[6], 'abandoned', 1)
end
local lowest = slowestGroup(KEYS[4], logTime(KEYS[3]), tonumber(ARGV[3]))
if lowest then dropSegments(KEYS[5], KEYS[6], KEYS[7], KEYS[2], lowest, 1024, math.huge) end
return {'ok'}
