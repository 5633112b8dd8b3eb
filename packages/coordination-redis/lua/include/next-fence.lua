--- @include "time"
--- @include "fence-floor"
--- The next fencing token of a unit, as text: above its last one, the floor, and Redis' time in µs, so
--- that tokens stay monotone when Redis forgets. (Lua's `..` would round a number of this size.)
local function nextFence(last)
  return string.format('%.0f', math.max(last + 1, fenceFloor + 1, nowMicros))
end
