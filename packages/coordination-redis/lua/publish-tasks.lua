#!lua flags=allow-oom
--- Replaces a connector's set of tasks as a whole, under a new task epoch. Compare-and-set on who runs the
--- connector and on what definition it saw, so that an old connector actor cannot overwrite newer tasks.
--- Units that are owned stay owned in the epoch that they are held in, until the leader revokes them.
---
--- KEYS    1 tag
--- ARGV    1 connector · 2 uid · 3 worker · 4 incarnation · 5 fence of the connector's unit
---         6 definition version · 7 digest of all configs · 8… config of each task (JSON)
--- Returns 'published', epoch | 'unchanged', epoch | 'stale'
--- Refuses (stale) another owner or fence, an owner that is not a live member, another uid or definition
---         version, a stopped connector and one that is being deleted.
local tag = KEYS[1]
--- @include "units"
--- @include "live-member"
local connector, uid, worker, incarnation, fence, version, digest = unpack(ARGV, 1, 7)
local firstConfig = 8
local taskCount = #ARGV - firstConfig + 1
local key = tag .. ':c:' .. connector

local storedUid, storedVersion, target, lifecycle, epoch, taskVersion, storedDigest, peak = unpack(
  redis.call('HMGET', key, 'uid', 'version', 'targetState', 'lifecycle', 'taskEpoch', 'taskVersion',
    'taskDigest', 'tasksPeak'))
local state, owner, current, ownerUid = unpack(redis.call('HMGET', tag .. ':u:connector/' .. connector,
  'state', 'incarnation', 'fence', 'heldUid'))
local owns = owner == incarnation and current == fence and ownerUid == uid
if not owns or state ~= 'claimed' or not liveState(worker, incarnation) then return { 'stale' } end
if storedUid ~= uid or storedVersion ~= version then return { 'stale' } end
if lifecycle ~= 'live' or target == 'STOPPED' then return { 'stale' } end
if taskVersion == version and storedDigest == digest then return { 'unchanged', epoch } end

epoch = epoch + 1
redis.call('DEL', tag .. ':tc:' .. connector)
local existing, surplus = {}, {}
for _, unit in ipairs(redis.call('SMEMBERS', tag .. ':units-of:' .. connector)) do
  local _, task = partsOf(unit)
  if task and tonumber(task) >= taskCount then surplus[#surplus + 1] = unit end
  existing[unit] = true
end
for task = 0, taskCount - 1 do
  local unit = 'task/' .. connector .. '/' .. task
  redis.call('HSET', tag .. ':tc:' .. connector, task, ARGV[firstConfig + task])
  if existing[unit] then
    redis.call('HSET', tag .. ':u:' .. unit, 'uid', uid, 'epoch', epoch, 'retired', '')
    noteChanged('u:' .. unit)
  else
    createUnit(unit, connector, uid, epoch)
  end
end
for _, unit in ipairs(surplus) do retireUnit(unit, connector) end
redis.call('HSET', key, 'taskEpoch', epoch, 'taskCount', taskCount, 'taskVersion', version,
  'taskDigest', digest, 'tasksPeak', math.max(taskCount, tonumber(peak or 0)))
noteChanged('c:' .. connector)
saveChanges()
return { 'published', epoch }
