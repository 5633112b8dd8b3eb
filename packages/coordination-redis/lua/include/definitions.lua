--- @include "connector-unit"
--- What ends with a change of a definition.

--- The published set is forgotten with its tasks, so that starting again publishes it anew.
local function endTaskSet(name)
  redis.call('DEL', tag .. ':tc:' .. name)
  redis.call('HSET', tag .. ':c:' .. name, 'taskCount', 0, 'taskVersion', 0)
  for _, unit in ipairs(redis.call('SMEMBERS', tag .. ':units-of:' .. name)) do
    local _, task = partsOf(unit)
    if task then retireUnit(unit, name) end
  end
end
