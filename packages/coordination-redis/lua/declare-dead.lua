#!lua flags=allow-oom
--- Declares an incarnation dead, for good. The beat number decides the race with a late heartbeat.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 worker · 3 incarnation · 4 beat number that stood still
--- Returns 'dead' | 'alive' | 'not-leader'
--- Refuses (alive) if it has beaten since.
local tag = KEYS[1]
--- @include "check-term"
--- @include "remove-member"
local worker, incarnation = ARGV[2], ARGV[3]
local member, state = unpack(redis.call('HMGET', tag .. ':m:' .. worker, 'incarnation', 'state'))
if member ~= incarnation then
  bury(incarnation)
  return 'dead'
end
if state == 'dead' then return 'dead' end
local beat = string.match(redis.call('HGET', tag .. ':beats', worker) or '0|', '^(%d+)|')
if beat ~= ARGV[4] then return 'alive' end
redis.call('HSET', tag .. ':m:' .. worker, 'state', 'dead')
bury(incarnation)
noteChanged('m:' .. worker)
saveChanges()
return 'dead'
