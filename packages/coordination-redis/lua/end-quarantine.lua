#!lua flags=allow-oom
--- Ends the quarantine, after what was reported has been adopted.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 nonce of the quarantine
--- Returns 'ended' | 'refused' | 'not-leader'
--- Refuses another quarantine than the one that was waited for: more data was found lost meanwhile.
local tag = KEYS[1]
--- @include "check-term"
--- @include "changes"
if redis.call('GET', tag .. ':quarantine') ~= ARGV[2] then return 'refused' end
redis.call('DEL', tag .. ':quarantine', tag .. ':reports')
-- Whoever held still looks again at what it may claim.
noteAssigned('*')
saveChanges()
return 'ended'
