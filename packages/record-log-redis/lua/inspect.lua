#!lua flags=no-writes
-- What partitions hold, and where groups are in them.
--
-- KEYS[1]  hash of the log's time
-- KEYS[2…] for each partition: meta hash, segments list, offsets hash {group: place}
-- ARGV     none
-- Returns  {time, partition, …}   each {low, next, bytes, {segment, …}, {group, place, …}}
--@include text
--@include log-time

local reply = {(peekLogTime(KEYS[1]))}
for k = 1, #KEYS - 3, 3 do
  local held = redis.call('HMGET', KEYS[k + 1], 'low', 'next', 'bytes')
  reply[#reply + 1] = {
    tonumber(held[1] or 0), tonumber(held[2] or 0), tonumber(held[3] or 0),
    redis.call('LRANGE', KEYS[k + 2], 0, -1),
    redis.call('HGETALL', KEYS[k + 3])
  }
end
return reply
