#!lua flags=allow-oom
-- Deletes a topic with its records and the offsets that groups have in it, and wakes its readers.
--
-- KEYS[1]  topics hash {topic: partitions}
-- KEYS[2]  bytes of the whole log
-- KEYS[3…] for each partition: stream, meta hash, segments list, offsets hash
-- ARGV[1]  topic
-- ARGV[2…] for each partition: channel
-- Returns  {'ok'}
--          {'changed'}   it has another number of partitions: read it again, then repeat
local partitions = redis.call('HGET', KEYS[1], ARGV[1])
if not partitions then return {'ok'} end
if tonumber(partitions) ~= #ARGV - 1 then return {'changed'} end
for i = 1, #ARGV - 1 do
  local k = 2 + (i - 1) * 4
  redis.call('DECRBY', KEYS[2], redis.call('HGET', KEYS[k + 2], 'bytes') or '0')
  redis.call('UNLINK', KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4])
  redis.pcall('PUBLISH', ARGV[i + 1], '0')
end
redis.call('HDEL', KEYS[1], ARGV[1])
return {'ok'}
