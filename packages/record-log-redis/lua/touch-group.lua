#!lua flags=allow-oom
-- A reader that has nothing to commit says that its group is still there, so that the group does not expire
-- while its sink is paused or idle.
--
-- KEYS[1]  fence hash of the reader
-- KEYS[2]  hash of the log's time
-- KEYS[3…] offsets hash {group: place} of each partition
-- ARGV[1]  fence
-- ARGV[2]  group
-- Returns  {'ok'}
--          {'unopened'}, {'fenced', fence}   see fence.lua
--@include text
--@include fence
--@include log-time
--@include groups

local refused = refusedByFence(KEYS[1], ARGV[1])
if refused then return refused end
local time = logTime(KEYS[2])
for i = 3, #KEYS do
  local known = redis.call('HGET', KEYS[i], ARGV[2])
  -- One that was forgotten meanwhile stays so until it commits.
  if known then
    local offset, isCommitted = parsePlace(known)
    redis.call('HSET', KEYS[i], ARGV[2], place(offset, isCommitted, time))
  end
end
return {'ok'}
