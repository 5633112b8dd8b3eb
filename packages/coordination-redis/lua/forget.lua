#!lua flags=allow-oom
--- Forgets a dead member once it owns nothing.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 worker · 3 incarnation
--- Returns 'forgotten' | 'refused' | 'not-leader'
--- Refuses a live member, and while it owns units.
local tag = KEYS[1]
--- @include "check-term"
--- @include "remove-member"
--- @include "live-member"
local worker, incarnation = ARGV[2], ARGV[3]
if liveState(worker, incarnation) then return 'refused' end
if redis.call('EXISTS', tag .. ':a:' .. incarnation) == 1 then return 'refused' end
if redis.call('HGET', tag .. ':m:' .. worker, 'incarnation') == incarnation then
  removeMember(worker, incarnation)
end
forgetIncarnation(incarnation)
saveChanges()
return 'forgotten'
