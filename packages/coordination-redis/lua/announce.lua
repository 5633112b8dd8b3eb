#!lua flags=allow-oom
--- A worker announces which plugins it has now.
---
--- KEYS    1 tag
--- ARGV    1 worker · 2 incarnation · 3 plugins (JSON)
--- Returns 'announced' | 'unchanged' (it had these) | 'refused'
--- Refuses an incarnation that is not a live member.
local tag = KEYS[1]
--- @include "changes"
--- @include "live-member"
if not liveState(ARGV[1], ARGV[2]) then return 'refused' end
local key = tag .. ':m:' .. ARGV[1]
if redis.call('HGET', key, 'plugins') == ARGV[3] then return 'unchanged' end
redis.call('HSET', key, 'plugins', ARGV[3])
noteChanged('m:' .. ARGV[1])
saveChanges()
return 'announced'
