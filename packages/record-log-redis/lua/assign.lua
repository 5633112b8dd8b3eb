#!lua flags=allow-oom
-- Where a group goes on in partitions. A group without committed offset is registered with the place
-- where it begins, so that nothing after it is trimmed before the group has read it.
--
-- KEYS[1]  fence hash of the reader
-- KEYS[2]  set of the group's partitions
-- KEYS[3]  topics hash {topic: partitions}
-- KEYS[4]  hash of the log's time
-- KEYS[5…] for each partition: offsets hash {group: place}, meta hash
-- ARGV[1]  fence
-- ARGV[2]  group
-- ARGV[3]  'earliest' or 'latest'
-- ARGV[4…] for each partition: topic, partition
-- Returns  {'ok', {position, id, committed}, …}   for each partition; the id is that of its last batch if
--                                the position is right after it, else ''; committed is -1 if nothing is
--          {'unopened'}, {'fenced', fence}   see fence.lua
--          {'unknown', topic, partitions, partition}   the topic exists, but not the partition
--@include text
--@include fence
--@include log-time
--@include groups

local refused = refusedByFence(KEYS[1], ARGV[1])
if refused then return refused end
local count = (#KEYS - 4) / 2
for i = 1, count do
  local topic, partition = ARGV[2 + 2 * i], ARGV[3 + 2 * i]
  local partitions = redis.call('HGET', KEYS[3], topic)
  if partitions and tonumber(partition) >= tonumber(partitions) then
    return {'unknown', topic, tonumber(partitions), tonumber(partition)}
  end
end
local time = logTime(KEYS[4])
local reply = {'ok'}
for i = 1, count do
  local offsets, meta = KEYS[3 + 2 * i], KEYS[4 + 2 * i]
  local held = redis.call('HMGET', meta, 'low', 'next', 'stamp')
  local low, high = tonumber(held[1] or 0), tonumber(held[2] or 0)
  local known = redis.call('HGET', offsets, ARGV[2])
  local offset, isCommitted = nil, false
  if known then offset, isCommitted = parsePlace(known) end
  local position = isCommitted and offset
  if not position or position < low or position > high then
    position = ARGV[3] == 'latest' and high or low
  end
  redis.call('HSET', offsets, ARGV[2], place(offset or position, isCommitted, time))
  redis.call('SADD', KEYS[2], ARGV[2 + 2 * i] .. '/' .. ARGV[3 + 2 * i])
  local atEnd = position == high and held[3]
  reply[i + 1] = {
    position, atEnd and held[2] .. '-' .. held[3] or '', isCommitted and offset or -1
  }
end
return reply
