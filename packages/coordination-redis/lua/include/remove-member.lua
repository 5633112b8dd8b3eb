--- @include "time"
--- @include "changes"
--- @include "cordons"
--- Ends of an incarnation. Who was declared dead, left or was forgotten is remembered for a week at
--- least, so that a process frozen for long learns that it is fenced instead of joining again.
local remembersMs = 7 * 24 * 3600 * 1000
local pastSlotsMax = 1000

local function bury(incarnation)
  local dead = tag .. ':dead'
  redis.call('ZADD', dead, nowMs, incarnation)
  local old = redis.call('ZRANGEBYSCORE', dead, '-inf', nowMs - remembersMs, 'LIMIT', 0, 10)
  for _, each in ipairs(old) do
    if redis.call('EXISTS', tag .. ':a:' .. each) == 0 then redis.call('ZREM', dead, each) end
  end
end

--- The worker gets its slot back when it joins again, if nobody has taken it.
local function removeMember(worker, incarnation)
  local slot, past = redis.call('ZSCORE', tag .. ':slots', worker), tag .. ':past-slots'
  if slot then
    if redis.call('HLEN', past) >= pastSlotsMax then
      redis.call('HDEL', past, redis.call('HRANDFIELD', past))
    end
    redis.call('HSET', past, worker, slot)
    redis.call('ZREM', tag .. ':slots', worker)
  end
  leaveCordon(worker)
  redis.call('DEL', tag .. ':m:' .. worker)
  redis.call('HDEL', tag .. ':beats', worker)
  noteDeleted('m:' .. worker)
end

local function forgetIncarnation(incarnation)
  bury(incarnation)
  redis.call('HDEL', tag .. ':assigned', incarnation)
  redis.call('HDEL', tag .. ':reports', incarnation)
end
