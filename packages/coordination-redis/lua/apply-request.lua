#!lua flags=allow-oom
--- Writes what a request changes, its result, and that it is applied, in one step. What to write was
--- decided from a copy of the records; it is written only if they are still as they were.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 request id · 3 position · 4 result (JSON) · 5 ms to keep the result
---         6 worker to change, or '' · 7 its incarnation · 8 'drain' | 'cordon' | 'uncordon'
---         9 mark of the journal that it was written to, `<journal>|<position>`, or ''
---         10 the mark before it, '' if there was none, '*' for any · 11 number of connectors, 15 values for each:
---           name · '1' if it must exist · expected version · uid · target state · lifecycle
---           uid · version · config (JSON) · type · target state · lifecycle · task epoch ·
---           '1' to retire its tasks · '1' to retire its own unit
---         number of units to restart · units… · then for each event: type · message · facts (JSON)
--- Returns 'applied' | 'already' | 'conflict' | 'not-leader'
--- Refuses a request that has a result (already), and a decision made on records that moved on,
---         or behind another mark (conflict): nothing is written then.
local tag = KEYS[1]
--- @include "check-term"
--- @include "definitions"
--- @include "journal-mark"
--- @include "live-member"
--- @include "time"
--- @include "cordons"
--- @include "events"
local result = tag .. ':result:' .. ARGV[2]
if redis.call('EXISTS', result) == 1 then return 'already' end

local worker, incarnation, change = ARGV[6], ARGV[7], ARGV[8]
local mark, markBefore = ARGV[9], ARGV[10]
local connectorCount, firstConnector, stride = tonumber(ARGV[11]), 12, 15
local firstUnit = firstConnector + connectorCount * stride + 1
local lastUnit = firstUnit - 1 + ARGV[firstUnit - 1]

if mark ~= '' and not isJournalMark(markBefore) then return 'conflict' end
if worker ~= '' and not liveState(worker, incarnation) then return 'conflict' end
for index = 0, connectorCount - 1 do
  local name, mustExist, version, uid, target, lifecycle, newUid =
    unpack(ARGV, firstConnector + index * stride, firstConnector + index * stride + 6)
  local storedVersion, storedUid, storedTarget, storedLifecycle = unpack(redis.call('HMGET',
    tag .. ':c:' .. name, 'version', 'uid', 'targetState', 'lifecycle'))
  if mustExist ~= '1' then
    if storedUid then return 'conflict' end
  else
    if storedVersion ~= version or storedUid ~= uid then return 'conflict' end
    if storedTarget ~= target or storedLifecycle ~= lifecycle then return 'conflict' end
    -- Only over one that is being deleted may another connector be created.
    if newUid ~= uid and lifecycle == 'live' then return 'conflict' end
  end
end

local function write(name, oldUid, uid, version, config, type, target, lifecycle, taskEpoch)
  local key = tag .. ':c:' .. name
  redis.call('HSET', key, 'uid', uid, 'version', version, 'config', config, 'type', type,
    'targetState', target, 'lifecycle', lifecycle)
  if uid ~= oldUid then
    -- Goes on from the epoch of a namesake that is being deleted, whose tasks may still be held.
    local stored = redis.call('HGET', key, 'taskEpoch')
    redis.call('HSET', key, 'taskEpoch', math.max(tonumber(stored or 0), tonumber(taskEpoch)),
      'createdAtMs', nowMs)
  end
  -- Those of a namesake, or of one that ends.
  if uid ~= oldUid or lifecycle ~= 'live' then redis.call('DEL', tag .. ':topics:' .. name) end
  if mark ~= '' then redis.call('HSETNX', key, 'journaledEpoch', 0) end
  if oldUid == '' then noteCreated('c:' .. name) else noteChanged('c:' .. name) end
  if lifecycle == 'live' then ensureConnectorUnit(name, uid) end
end

-- Whoever owns something of it reads it anew; all others have nothing to do with it.
local function noteOwners(name)
  for _, unit in ipairs(redis.call('SMEMBERS', tag .. ':units-of:' .. name)) do
    local incarnation = redis.call('HGET', tag .. ':u:' .. unit, 'incarnation')
    if incarnation and incarnation ~= '' then noteAssigned(incarnation) end
  end
end

for index = 0, connectorCount - 1 do
  local first = firstConnector + index * stride
  local name, _, _, oldUid, _, _, uid, version, config = unpack(ARGV, first, first + 8)
  local type, target, lifecycle, taskEpoch, retiresTasks, retiresConnector =
    unpack(ARGV, first + 9, first + 14)
  write(name, oldUid, uid, version, config, type, target, lifecycle, taskEpoch)
  noteOwners(name)
  if retiresTasks == '1' or uid ~= oldUid then endTaskSet(name) end
  if retiresConnector == '1' then retireUnit('connector/' .. name, name) end
end

for index = firstUnit, lastUnit do
  local key = tag .. ':u:' .. ARGV[index]
  local state, incarnation = unpack(redis.call('HMGET', key, 'state', 'incarnation'))
  if state then
    redis.call('HINCRBY', key, 'restarts', 1)
    noteChanged('u:' .. ARGV[index])
    if state ~= 'free' then noteAssigned(incarnation) end
  end
end

if worker ~= '' then
  if change == 'drain' then
    redis.call('HSET', tag .. ':m:' .. worker, 'state', 'draining')
  else
    cordon(worker, change == 'cordon')
  end
  noteChanged('m:' .. worker)
end

if mark ~= '' then advanceJournalMark(mark) end
redis.call('SET', result, ARGV[4], 'PX', ARGV[5])
redis.call('XDEL', tag .. ':requests', ARGV[3])
redis.call('HDEL', tag .. ':request-ids', ARGV[2])
appendEvents(lastUnit + 1)
saveChanges()
return 'applied'
