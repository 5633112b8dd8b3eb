--- @include "units"
--- The unit of a live connector itself. It exists as long as the connector, also while it is stopped.
--- If the unit of a deleted namesake is still owned, it becomes this connector's under the next epoch:
--- whoever holds the older epoch has to let go of it before it is granted again.
local function ensureConnectorUnit(connector, uid)
  local unit = 'connector/' .. connector
  local key = tag .. ':u:' .. unit
  local storedUid, epoch = unpack(redis.call('HMGET', key, 'uid', 'epoch'))
  if not storedUid then
    createUnit(unit, connector, uid, 0)
  elseif storedUid ~= uid then
    redis.call('HSET', key, 'uid', uid, 'epoch', epoch + 1, 'retired', '')
    noteChanged('u:' .. unit)
  end
end
