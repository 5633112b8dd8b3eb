#!lua flags=allow-oom
--- Frees units of an incarnation that is not alive, also of one whose name another has taken since.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 worker · 3 incarnation · 4 most units to free
--- Returns the units freed | 'not-leader' | 'alive'
--- Refuses (alive) a live member: its units have to be revoked and released.
local tag = KEYS[1]
--- @include "check-term"
--- @include "units"
--- @include "live-member"
local worker, incarnation = ARGV[2], ARGV[3]
if liveState(worker, incarnation) then return 'alive' end
local units = redis.call('SRANDMEMBER', tag .. ':a:' .. incarnation, ARGV[4])
for _, unit in ipairs(units) do
  local fence, retired = unpack(redis.call('HMGET', tag .. ':u:' .. unit, 'fence', 'retired'))
  freeUnit(unit, worker, incarnation, fence, retired)
end
saveChanges()
return units
