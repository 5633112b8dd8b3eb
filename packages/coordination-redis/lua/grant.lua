#!lua flags=allow-oom
--- Gives free units to workers, each under a new fencing token.
---
--- KEYS    1 tag
--- ARGV    1 term, then for each unit: unit · uid · epoch · worker · incarnation
--- Returns for each unit 'granted', fence | 'refused', reason; or 'not-leader'
--- Refuses, by reason:
---   quarantined         data was lost; whoever holds the unit has not been heard yet
---   gone, retired       the unit is not wanted
---   owned               only a free unit is granted: its owner released it or was declared dead
---   uid, epoch          the plan was made for another definition or task set
---   connector-deleting  it has to end, not to start
---   worker-not-up       draining, dead, or another incarnation
---   worker-cordoned     it keeps what it has, and gets nothing new
---   older-epoch-held    a task of an older set still runs: both could own the same partition
local tag = KEYS[1]
--- @include "check-term"
--- @include "units"
--- @include "next-fence"
--- @include "live-member"
local quarantined = redis.call('EXISTS', tag .. ':quarantine') == 1
local up, cordoned, connectors, oldest, replies = {}, {}, {}, {}, {}

local function isUp(worker, incarnation)
  if up[incarnation] == nil then up[incarnation] = liveState(worker, incarnation) == 'up' end
  return up[incarnation]
end

local function isCordoned(worker)
  if cordoned[worker] == nil then
    cordoned[worker] = redis.call('HGET', tag .. ':m:' .. worker, 'cordoned') == '1'
  end
  return cordoned[worker]
end

local function isLive(connector)
  if connectors[connector] == nil then
    connectors[connector] = redis.call('HGET', tag .. ':c:' .. connector, 'lifecycle') == 'live'
  end
  return connectors[connector]
end

local function olderEpochHeld(connector, epoch)
  if not oldest[connector] then
    local first = redis.call('ZRANGE', tag .. ':held:' .. connector, 0, 0, 'WITHSCORES')
    oldest[connector] = tonumber(first[2] or epoch)
  end
  return oldest[connector] < tonumber(epoch)
end

local function refusal(unit, uid, epoch, worker, incarnation, connector, task, record)
  local state, recordUid, recordEpoch, retired = unpack(record)
  if quarantined then return 'quarantined' end
  if not state then return 'gone' end
  if retired == '1' then return 'retired' end
  if state ~= 'free' then return 'owned' end
  if recordUid ~= uid then return 'uid' end
  if recordEpoch ~= epoch then return 'epoch' end
  if not isLive(connector) then return 'connector-deleting' end
  if not isUp(worker, incarnation) then return 'worker-not-up' end
  if isCordoned(worker) then return 'worker-cordoned' end
  if task and olderEpochHeld(connector, epoch) then return 'older-epoch-held' end
  return nil
end

for index = 2, #ARGV, 5 do
  local unit, uid, epoch, worker, incarnation = unpack(ARGV, index, index + 4)
  local key = tag .. ':u:' .. unit
  local connector, task = partsOf(unit)
  local record = redis.call('HMGET', key, 'state', 'uid', 'epoch', 'retired', 'fence')
  local reason = refusal(unit, uid, epoch, worker, incarnation, connector, task, record)
  if reason then
    replies[#replies + 1] = 'refused'
    replies[#replies + 1] = reason
  else
    local fence = nextFence(tonumber(record[5]))
    redis.call('HSET', key, 'state', 'granted', 'worker', worker, 'incarnation', incarnation,
      'heldEpoch', epoch, 'heldUid', uid, 'fence', fence)
    redis.call('SADD', tag .. ':a:' .. incarnation, unit)
    if task then redis.call('ZADD', tag .. ':held:' .. connector, epoch, unit) end
    noteChanged('u:' .. unit)
    noteAssigned(incarnation)
    replies[#replies + 1] = 'granted'
    replies[#replies + 1] = fence
  end
end
saveChanges()
return replies
