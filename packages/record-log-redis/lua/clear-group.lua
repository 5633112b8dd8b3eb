#!lua flags=allow-oom
-- Lets a group begin anew in partitions: nothing that is there, or comes, is trimmed before it has read it.
-- A group that is not known in a partition stays so.
--
-- KEYS[1]  hash of the log's time
-- KEYS[2…] for each partition: offsets hash {group: place}
-- ARGV[1]  group
-- Returns  {'ok'}
--@include text
--@include log-time
--@include groups

local time = logTime(KEYS[1])
for i = 2, #KEYS do
  if redis.call('HEXISTS', KEYS[i], ARGV[1]) == 1 then
    redis.call('HSET', KEYS[i], ARGV[1], place(0, false, time))
  end
end
return {'ok'}
