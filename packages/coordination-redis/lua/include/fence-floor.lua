--- The fence floor: every fence given from now on is above it. It is raised above what rejoined workers
--- report and above the fences of deleted units, so that fences grow even if Redis' clock goes back.
local fenceFloor = tonumber(redis.call('GET', tag .. ':fence-floor') or 0)

local function raiseFenceFloor(fence)
  if fence <= fenceFloor then return end
  fenceFloor = fence
  redis.call('SET', tag .. ':fence-floor', string.format('%.0f', fence))
end
