-- Whether the caller still owns its identity. Returns nil if so, else the reply of the script.
--   {'unopened'}        the log does not know this fence (it has lost data): open again, then repeat
--   {'fenced', fence}   a newer owner has taken over
local function refusedByFence(key, fence)
  local held = redis.call('HGET', key, 'fence')
  if not held or tonumber(held) < tonumber(fence) then return {'unopened'} end
  if tonumber(held) > tonumber(fence) then return {'fenced', held} end
  return nil
end
