#!lua flags=allow-oom
--- A worker lets go of units that it has stopped for good.
---
--- KEYS    1 tag
--- ARGV    1 incarnation, then for each unit: unit · fence
--- Returns for each unit 1 if it is free, 0 if it was not this owner's (any more)
--- Refuses another incarnation or fence, and what was never claimed. Says 1 again for a unit that is
---         still free under this fence: the reply may have been lost. An incarnation that was declared
---         dead may still say that it has stopped.
local tag = KEYS[1]
--- @include "units"
local incarnation = ARGV[1]
local replies = {}
for index = 2, #ARGV, 2 do
  local unit, fence = ARGV[index], ARGV[index + 1]
  local state, current, worker, owner, retired = unpack(redis.call('HMGET', tag .. ':u:' .. unit,
    'state', 'fence', 'worker', 'incarnation', 'retired'))
  local released = 0
  if current == fence then
    if state == 'free' then
      released = 1
    elseif owner == incarnation and (state == 'claimed' or state == 'revoking') then
      freeUnit(unit, worker, incarnation, fence, retired)
      released = 1
    end
  end
  replies[#replies + 1] = released
end
saveChanges()
return replies
