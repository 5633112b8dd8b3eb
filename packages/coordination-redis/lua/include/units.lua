--- @include "changes"
--- @include "fence-floor"
--- Units and what refers to them: `units-of:<connector>`, `a:<incarnation>` (all that it owns) and
--- `held:<connector>` (its owned tasks by the epoch that they are held in).

--- Name of the connector, and the task's number (as text) unless it is a connector's unit.
local function partsOf(unit)
  local connector, task = string.match(unit, '^task/(.*)/(%d+)$')
  if connector then return connector, task end
  return string.sub(unit, #'connector/' + 1), nil
end

--- A new ordinal, unless it is one that had one.
local function createUnit(unit, connector, uid, epoch, ordinal)
  redis.call('HSET', tag .. ':u:' .. unit,
    'uid', uid, 'epoch', epoch, 'ordinal', ordinal or redis.call('INCR', tag .. ':ordinal'),
    'state', 'free', 'fence', 0, 'restarts', 0)
  redis.call('SADD', tag .. ':units-of:' .. connector, unit)
  noteCreated('u:' .. unit)
end

--- A connector that is being deleted goes with its last unit.
local function deleteConnectorIfEmpty(connector)
  if redis.call('HGET', tag .. ':c:' .. connector, 'lifecycle') ~= 'deleting' then return end
  if redis.call('EXISTS', tag .. ':units-of:' .. connector) == 1 then return end
  redis.call('DEL', tag .. ':c:' .. connector, tag .. ':tc:' .. connector, tag .. ':held:' .. connector,
    tag .. ':topics:' .. connector)
  noteDeleted('c:' .. connector)
end

--- Only for a unit that is free.
local function deleteUnit(unit, connector, fence)
  raiseFenceFloor(tonumber(fence))
  redis.call('DEL', tag .. ':u:' .. unit)
  redis.call('SREM', tag .. ':units-of:' .. connector, unit)
  noteDeleted('u:' .. unit)
  deleteConnectorIfEmpty(connector)
end

--- From any owned state. A retired unit is deleted with it. Returns the state after, or false.
local function freeUnit(unit, worker, incarnation, fence, retired)
  local connector, task = partsOf(unit)
  redis.call('SREM', tag .. ':a:' .. incarnation, unit)
  if task then redis.call('ZREM', tag .. ':held:' .. connector, unit) end
  if retired == '1' then
    deleteUnit(unit, connector, fence)
    return false
  end
  redis.call('HSET', tag .. ':u:' .. unit, 'state', 'free', 'worker', '', 'incarnation', '',
    'heldEpoch', '', 'heldUid', '', 'lastWorker', worker,
    'statusState', '', 'statusSinceMs', '', 'statusDetail', '')
  noteChanged('u:' .. unit)
  return 'free'
end

--- Not wanted any more: deleted at once if it is free, else when its owner lets go of it.
local function retireUnit(unit, connector)
  local state, fence, retired = unpack(redis.call('HMGET', tag .. ':u:' .. unit, 'state', 'fence', 'retired'))
  if state == 'free' then
    deleteUnit(unit, connector, fence)
  elseif state and retired ~= '1' then
    redis.call('HSET', tag .. ':u:' .. unit, 'retired', '1')
    noteChanged('u:' .. unit)
  end
end
