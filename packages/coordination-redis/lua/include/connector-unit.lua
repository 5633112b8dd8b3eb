--- @include "units"
--- The unit of a live connector itself. It exists as long as the connector, also while it is stopped.
--- If the unit of a deleted namesake is still owned, it becomes this connector's under the next epoch:
--- whoever holds the older epoch has to let go of it before it is granted again.
--- `ordinal` and the epoch that it has at least are known of one that is restored.
local function ensureConnectorUnit(connector, uid, ordinal, epochMin)
  local unit = 'connector/' .. connector
  local key = tag .. ':u:' .. unit
  local storedUid, epoch = unpack(redis.call('HMGET', key, 'uid', 'epoch'))
  if not storedUid then
    createUnit(unit, connector, uid, epochMin or 0, ordinal)
  elseif storedUid ~= uid then
    redis.call('HSET', key, 'uid', uid, 'epoch', math.max(epoch + 1, epochMin or 0), 'retired', '')
    noteChanged('u:' .. unit)
  elseif tonumber(epoch) < (epochMin or 0) then
    redis.call('HSET', key, 'epoch', epochMin)
    noteChanged('u:' .. unit)
  end
end
