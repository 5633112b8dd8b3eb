#!lua flags=allow-oom
--- Stores what an owner says of its units. The time of a change of state is Redis' time.
---
--- KEYS    1 tag
--- ARGV    1 incarnation, then for each unit: unit · fence · state · detail (JSON)
--- Returns for each unit 1 if stored, 0 if refused
--- Refuses another incarnation or fence, and what was never claimed. A report that says nothing new is
---         not a change.
local tag = KEYS[1]
--- @include "changes"
--- @include "time"
local incarnation = ARGV[1]
local replies = {}
for index = 2, #ARGV, 4 do
  local unit, fence, status, detail = unpack(ARGV, index, index + 3)
  local key = tag .. ':u:' .. unit
  local state, current, owner, oldStatus, sinceMs, oldDetail = unpack(redis.call('HMGET', key,
    'state', 'fence', 'incarnation', 'statusState', 'statusSinceMs', 'statusDetail'))
  local accepted = owner == incarnation and current == fence and state ~= 'granted'
  if accepted and (oldStatus ~= status or oldDetail ~= detail) then
    if oldStatus ~= status then sinceMs = nowMs end
    redis.call('HSET', key, 'statusState', status, 'statusSinceMs', sinceMs, 'statusDetail', detail)
    noteChanged('u:' .. unit)
  end
  replies[#replies + 1] = accepted and 1 or 0
end
saveChanges()
return replies
