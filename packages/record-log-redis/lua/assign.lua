#!lua flags=allow-oom
-- Where a group goes on in partitions. A group without committed offset is registered with the place
-- where it begins, so that nothing after it is trimmed before the group has read it.
--
-- KEYS[1]  fence hash of the reader
-- KEYS[2]  set of the group's partitions
-- KEYS[3]  topics hash {topic: partitions}
-- KEYS[4…] for each partition: offsets hash {group: offset}, meta hash
-- ARGV[1]  fence
-- ARGV[2]  group
-- ARGV[3]  'earliest' or 'latest'
-- ARGV[4…] for each partition: topic, partition
-- Returns  {'ok', {position, id}, …}   for each partition; the id is that of its last batch if the
--                                position is right after it, else ''
--          {'unopened'}, {'fenced', fence}   see fence.lua
--          {'unknown', topic, partitions, partition}   the topic exists, but not the partition
--@include text
--@include fence

local refused = refusedByFence(KEYS[1], ARGV[1])
if refused then return refused end
local count = (#KEYS - 3) / 2
for i = 1, count do
  local topic, partition = ARGV[2 + 2 * i], ARGV[3 + 2 * i]
  local partitions = redis.call('HGET', KEYS[3], topic)
  if partitions and tonumber(partition) >= tonumber(partitions) then
    return {'unknown', topic, tonumber(partitions), tonumber(partition)}
  end
end
local reply = {'ok'}
for i = 1, count do
  local offsets, meta = KEYS[2 + 2 * i], KEYS[3 + 2 * i]
  local name = ARGV[2 + 2 * i] .. '/' .. ARGV[3 + 2 * i]
  local held = redis.call('HMGET', meta, 'low', 'next', 'stamp')
  local low, high = tonumber(held[1] or 0), tonumber(held[2] or 0)
  local committed = redis.call('HGET', offsets, ARGV[2])
  local position = committed and tonumber(committed)
  if not position or position < low or position > high then
    position = ARGV[3] == 'latest' and high or low
  end
  if not committed then
    redis.call('HSET', offsets, ARGV[2], '~' .. text(position))
    redis.call('SADD', KEYS[2], name)
  end
  local atEnd = position == high and held[3]
  reply[i + 1] = {position, atEnd and held[2] .. '-' .. held[3] or ''}
end
return reply
