#!lua flags=allow-oom
--- Asks owners to let go of units. What was granted but not claimed is free at once: a claim that comes
--- later is stale.
---
--- KEYS    1 tag
--- ARGV    1 term, then for each unit: unit · fence
--- Returns for each unit its state after, 'gone' if it does not exist (any more); or 'not-leader'
--- Refuses (returns the state as it is) when the fence is not the current one: another owns it now.
local tag = KEYS[1]
--- @include "check-term"
--- @include "units"
local states = {}
for index = 2, #ARGV, 2 do
  local unit, fence = ARGV[index], ARGV[index + 1]
  local key = tag .. ':u:' .. unit
  local state, current, worker, incarnation, retired =
    unpack(redis.call('HMGET', key, 'state', 'fence', 'worker', 'incarnation', 'retired'))
  if current == fence then
    if state == 'granted' then
      state = freeUnit(unit, worker, incarnation, fence, retired)
      noteAssigned(incarnation)
    elseif state == 'claimed' then
      state = 'revoking'
      redis.call('HSET', key, 'state', state)
      noteChanged('u:' .. unit)
      noteAssigned(incarnation)
    end
  end
  states[#states + 1] = state or 'gone'
end
saveChanges()
return states
