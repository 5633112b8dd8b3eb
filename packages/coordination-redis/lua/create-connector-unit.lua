#!lua flags=allow-oom
--- Creates the connector's own unit where it is missing.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 connector · 3 uid
--- Returns 'created' | 'refused' | 'not-leader'
--- Refuses for a connector that is gone, being deleted, or another by uid.
local tag = KEYS[1]
--- @include "check-term"
--- @include "connector-unit"
local uid, lifecycle = unpack(redis.call('HMGET', tag .. ':c:' .. ARGV[2], 'uid', 'lifecycle'))
if uid ~= ARGV[3] or lifecycle ~= 'live' then return 'refused' end
ensureConnectorUnit(ARGV[2], uid)
saveChanges()
return 'created'
