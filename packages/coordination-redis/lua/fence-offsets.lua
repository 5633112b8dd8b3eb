#!lua flags=allow-oom
--- A fence under which the offsets of a stopped connector may be changed: above that of any former owner of
--- its tasks, below that of any later one. Nothing is held by it: who starts the connector again goes first.
---
--- KEYS    1 tag
--- ARGV    1 connector
--- Returns 'fenced', uid, task epoch, fence, most tasks that it ever published (0: not known)
---         'unknown' | 'not-stopped' | 'quarantined' | 'held', tasks
--- Refuses what is not to be stopped (not-stopped), or has not stopped yet (held); and all while data was lost
---         and not everybody who may run its tasks has been heard (quarantined).
local tag = KEYS[1]
--- @include "next-fence"
local connector = ARGV[1]
local uid, lifecycle, target, epoch, peak = unpack(redis.call('HMGET', tag .. ':c:' .. connector,
  'uid', 'lifecycle', 'targetState', 'taskEpoch', 'tasksPeak'))
if lifecycle ~= 'live' then return { 'unknown' } end
if target ~= 'STOPPED' then return { 'not-stopped' } end
if redis.call('EXISTS', tag .. ':quarantine') == 1 then return { 'quarantined' } end
local held = redis.call('ZCARD', tag .. ':held:' .. connector)
if held > 0 then return { 'held', held } end
local fence = nextFence(0)
raiseFenceFloor(tonumber(fence))
return { 'fenced', uid, epoch, fence, peak or 0 }
