#!lua flags=allow-oom
--- Makes a connector as the journal has it. A large task set comes in several calls, of which the last one
--- makes it the connector's; until then the epoch is the older one, so that whoever is cut short begins anew.
--- Units that are owned stay owned in the epoch that they are held in.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 highest ordinal ever given · 3 highest fence
---         4 name, or '' for these two alone · 5 uid · 6 version · 7 config (JSON) · 8 type
---         9 target state · 10 lifecycle · 11 created, ms · 12 ordinal of its own unit, or '' · 13 its epoch
---         14 task epoch · 15 definition version of the task set · 16 tasks in it · 17 its digest
---         18 '1' in the last call · 19 number of the first task here,
---         then for each task: ordinal · config (JSON)
--- Returns 'restored' | 'not-leader'
--- Refuses (skips) one that is being deleted and is not there, and a task set that is not newer.
local tag = KEYS[1]
--- @include "check-term"
--- @include "definitions"
if tonumber(ARGV[2]) > tonumber(redis.call('GET', tag .. ':ordinal') or 0) then
  redis.call('SET', tag .. ':ordinal', ARGV[2])
end
raiseFenceFloor(tonumber(ARGV[3]))
if ARGV[4] == '' then return 'restored' end

local name, uid, version, config, type, target, lifecycle, createdAtMs = unpack(ARGV, 4, 11)
local unitOrdinal, unitEpoch, taskEpoch, taskVersion, taskCount, digest, isLast, firstTask =
  unpack(ARGV, 12, 19)
local key = tag .. ':c:' .. name
local firstOfTasks = 20

local function restoreDefinition()
  local stored = redis.call('HGET', key, 'uid')
  redis.call('HSET', key, 'uid', uid, 'version', version, 'config', config, 'type', type,
    'targetState', target, 'lifecycle', lifecycle, 'createdAtMs', createdAtMs)
  if stored ~= uid then redis.call('DEL', tag .. ':topics:' .. name) end
  if stored then
    noteChanged('c:' .. name)
  else
    redis.call('HSET', key, 'taskEpoch', 0, 'taskCount', 0, 'taskVersion', 0)
    noteCreated('c:' .. name)
  end
  if lifecycle == 'live' then
    ensureConnectorUnit(name, uid, unitOrdinal ~= '' and unitOrdinal or nil, tonumber(unitEpoch))
  end
  if stored and stored ~= uid or lifecycle ~= 'live' or target == 'STOPPED' then endTaskSet(name) end
  if lifecycle ~= 'live' then
    -- Without tasks, the set that the journal knows of is still the newest one there was.
    local storedEpoch = tonumber(redis.call('HGET', key, 'taskEpoch'))
    redis.call('HSET', key, 'taskEpoch', math.max(storedEpoch, tonumber(taskEpoch)))
    retireUnit('connector/' .. name, name)
    deleteConnectorIfEmpty(name)
  end
end

local function restoreTasks()
  for index = firstOfTasks, #ARGV, 2 do
    local task = firstTask + (index - firstOfTasks) / 2
    local unit = string.format('task/%s/%.0f', name, task)
    redis.call('HSET', tag .. ':tc:' .. name, string.format('%.0f', task), ARGV[index + 1])
    if redis.call('EXISTS', tag .. ':u:' .. unit) == 1 then
      redis.call('HSET', tag .. ':u:' .. unit, 'uid', uid, 'epoch', taskEpoch, 'retired', '',
        'ordinal', ARGV[index])
      noteChanged('u:' .. unit)
    else
      createUnit(unit, name, uid, taskEpoch, ARGV[index])
    end
  end
end

local function concludeTaskSet()
  for _, unit in ipairs(redis.call('SMEMBERS', tag .. ':units-of:' .. name)) do
    local _, task = partsOf(unit)
    if task and tonumber(task) >= tonumber(taskCount) then
      redis.call('HDEL', tag .. ':tc:' .. name, task)
      retireUnit(unit, name)
    end
  end
  redis.call('HSET', key, 'taskEpoch', taskEpoch, 'taskCount', taskCount, 'taskVersion', taskVersion,
    'taskDigest', digest, 'journaledEpoch', taskEpoch,
    'tasksPeak', math.max(tonumber(taskCount), tonumber(redis.call('HGET', key, 'tasksPeak') or 0)))
  noteChanged('c:' .. name)
end

if lifecycle == 'deleting' and redis.call('EXISTS', key) == 0 then return 'restored' end
if firstTask == '0' then restoreDefinition() end
if lifecycle == 'live' then
  local storedUid, storedEpoch = unpack(redis.call('HMGET', key, 'uid', 'taskEpoch'))
  if storedUid == uid and tonumber(taskEpoch) > tonumber(storedEpoch) then
    restoreTasks()
    if isLast == '1' then concludeTaskSet() end
  end
end
noteAssigned('*')
saveChanges()
return 'restored'
