#!lua flags=allow-oom
--- A worker ends its membership: no lease of it has to run out.
---
--- KEYS    1 tag
--- ARGV    1 worker · 2 incarnation
--- Returns 'left' | 'owns-units'
--- Refuses while it owns units: they would have an owner that nobody declares dead.
local tag = KEYS[1]
--- @include "remove-member"
if redis.call('EXISTS', tag .. ':a:' .. ARGV[2]) == 1 then return 'owns-units' end
if redis.call('HGET', tag .. ':m:' .. ARGV[1], 'incarnation') == ARGV[2] then
  removeMember(ARGV[1], ARGV[2])
  forgetIncarnation(ARGV[2])
end
saveChanges()
return 'left'
