#!lua flags=allow-oom
--- Gives an owner a new fence for units that it holds: effects of an executor that it had to abandon are
--- refused from now on.
---
--- KEYS    1 tag
--- ARGV    1 worker · 2 incarnation, then for each unit: unit · fence
--- Returns for each unit the new fence, '' if refused
--- Refuses who is not a live member, another incarnation or fence, and what was never claimed.
local tag = KEYS[1]
--- @include "changes"
--- @include "next-fence"
--- @include "live-member"
local worker, incarnation = ARGV[1], ARGV[2]
local allowed = liveState(worker, incarnation)
local replies = {}
for index = 3, #ARGV, 2 do
  local unit, fence = ARGV[index], ARGV[index + 1]
  local key = tag .. ':u:' .. unit
  local state, current, owner = unpack(redis.call('HMGET', key, 'state', 'fence', 'incarnation'))
  local renewed = ''
  if allowed and owner == incarnation and current == fence and state ~= 'granted' then
    renewed = nextFence(tonumber(fence))
    redis.call('HSET', key, 'fence', renewed)
    noteChanged('u:' .. unit)
  end
  replies[#replies + 1] = renewed
end
saveChanges()
return replies
