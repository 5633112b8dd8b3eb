#!lua flags=allow-oom
-- Trims from partitions what only groups that are gone had not read. Allowed when memory is full: it is
-- what is done then.
--
-- KEYS[1]  bytes of the whole log
-- KEYS[2]  hash of the log's time
-- KEYS[3…] for each partition: offsets hash {group: place}, stream, meta hash, segments list
-- ARGV[1]  ms after which a group that was not heard of does not count
-- Returns  bytes that were freed
--@include text
--@include log-time
--@include groups
--@include segments

local time, retentionMs = logTime(KEYS[2]), tonumber(ARGV[1])
local freed = 0
for k = 2, #KEYS - 4, 4 do
  local offsets, stream, meta, segments = KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4]
  local safe = trimmableUpTo(offsets, meta, time, retentionMs)
  if safe > 0 then
    closeSegment(meta, segments)
    freed = freed + dropSegments(stream, meta, segments, KEYS[1], safe, 1024, math.huge)
  end
end
return freed
