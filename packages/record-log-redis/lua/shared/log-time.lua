-- The log's own time in ms, by which groups expire. It follows the server's clock but takes a step of at
-- most an hour, while readers give a sign at least once an hour: so neither a clock that is set wrong nor
-- days in which nothing ran makes a group look as if nobody had cared for it.
-- The hash holds {at: the server's clock when last looked, time: the log's time then}.
local function peekLogTime(key)
  local now = redis.call('TIME')
  local clockMs = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
  local held = redis.call('HMGET', key, 'at', 'time')
  if not held[1] then return clockMs, clockMs, nil end
  local passedMs = clockMs - tonumber(held[1])
  return tonumber(held[2]) + math.max(0, math.min(passedMs, 3600000)), clockMs, passedMs
end

-- As above, and keeps it, once a second at most.
local function logTime(key)
  local timeMs, clockMs, passedMs = peekLogTime(key)
  if not passedMs or passedMs >= 1000 or passedMs < 0 then
    redis.call('HSET', key, 'at', text(clockMs), 'time', text(timeMs))
  end
  return timeMs
end
