#!lua flags=allow-oom
--- Raises the version of the protocol that the cluster uses, for good: who does not speak it is refused
--- from now on.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 version · 3 ms after which a coordinator that did not ask to lead is gone
--- Returns 'raised' | 'refused', who does not speak it | 'not-leader'
--- Refuses while a member that is not dead, or a coordinator, does not speak it, and a version that is not
---         higher than the one in use.
local tag = KEYS[1]
--- @include "check-term"
--- @include "time"
local version, goneMs = tonumber(ARGV[2]), tonumber(ARGV[3])
if version <= tonumber(redis.call('GET', tag .. ':protocol') or 1) then return { 'refused', 'nobody' } end

for _, worker in ipairs(redis.call('ZRANGE', tag .. ':slots', 0, -1)) do
  local state, max = unpack(redis.call('HMGET', tag .. ':m:' .. worker, 'state', 'protocol'))
  if state and state ~= 'dead' and tonumber(max) < version then return { 'refused', worker } end
end

local coordinators = redis.call('HGETALL', tag .. ':coordinators')
for index = 1, #coordinators, 2 do
  local max, seenMs = string.match(coordinators[index + 1], '^(%d+)|(%d+)$')
  if nowMs - seenMs > goneMs then
    redis.call('HDEL', tag .. ':coordinators', coordinators[index])
  elseif tonumber(max) < version then
    return { 'refused', coordinators[index] }
  end
end

redis.call('SET', tag .. ':protocol', version)
return { 'raised' }
