#!lua flags=allow-oom
--- A worker takes what it was granted, and learns how to run it. A lost reply may be asked for again.
---
--- KEYS    1 tag
--- ARGV    1 worker · 2 incarnation, then for each unit: unit · fence
--- Returns for each unit 'stale' | { 'claimed', uid, epoch, restarts, target state, definition version,
---         config (JSON), connector type, task count }
--- Refuses (stale) who is not a live member, during a quarantine, and what is not granted to this
---         incarnation under this fence, is retired, or was granted in an older epoch: the
---         configuration of that epoch is gone.
local tag = KEYS[1]
--- @include "units"
--- @include "live-member"
local worker, incarnation = ARGV[1], ARGV[2]
local allowed = liveState(worker, incarnation) and redis.call('EXISTS', tag .. ':quarantine') == 0
local connectors, replies = {}, {}

local function readConnector(name)
  if not connectors[name] then
    connectors[name] = redis.call('HMGET', tag .. ':c:' .. name,
      'targetState', 'version', 'type', 'taskCount')
  end
  return connectors[name]
end

local function readConfig(connector, task)
  if task then return redis.call('HGET', tag .. ':tc:' .. connector, task) end
  return redis.call('HGET', tag .. ':c:' .. connector, 'config')
end

local function claim(unit, fence)
  local key = tag .. ':u:' .. unit
  local state, current, owner, epoch, heldEpoch, retired, uid, restarts = unpack(redis.call('HMGET', key,
    'state', 'fence', 'incarnation', 'epoch', 'heldEpoch', 'retired', 'uid', 'restarts'))
  if owner ~= incarnation or current ~= fence then return 'stale' end
  if state ~= 'granted' and state ~= 'claimed' then return 'stale' end
  if retired == '1' or heldEpoch ~= epoch then return 'stale' end
  local connector, task = partsOf(unit)
  local config = readConfig(connector, task)
  if not config then return 'stale' end
  if state == 'granted' then
    redis.call('HSET', key, 'state', 'claimed')
    noteChanged('u:' .. unit)
  end
  local target, version, type, taskCount = unpack(readConnector(connector))
  return { 'claimed', uid, epoch, restarts, target, version, config, type, taskCount }
end

for index = 3, #ARGV, 2 do
  replies[#replies + 1] = allowed and claim(ARGV[index], ARGV[index + 1]) or 'stale'
end
saveChanges()
return replies
