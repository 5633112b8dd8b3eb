--- @include "time"
--- Names of workers that are given nothing new, whoever runs under them: `cordons`, a sorted set of 0 while a
--- member has the name, else of when its last one went. A name that nobody has had for a week is forgotten, and
--- the one that is gone longest when there are too many; a member's record says the same in `cordoned`.
local cordonKeptMs = 7 * 24 * 3600 * 1000
local goneCordonsMax = 1000

--- Of a name that a member has.
local function cordonName(worker) redis.call('ZADD', tag .. ':cordons', 0, worker) end

local function cordon(worker, isCordoned)
  if isCordoned then
    cordonName(worker)
  else
    redis.call('ZREM', tag .. ':cordons', worker)
  end
  redis.call('HSET', tag .. ':m:' .. worker, 'cordoned', isCordoned and '1' or '')
end

--- '1' or ''. A member has the name from now on.
local function takeCordon(worker)
  local key = tag .. ':cordons'
  local goneMs = tonumber(redis.call('ZSCORE', key, worker) or -1)
  if goneMs < 0 then return '' end
  if goneMs > 0 and goneMs <= nowMs - cordonKeptMs then
    redis.call('ZREM', key, worker)
    return ''
  end
  redis.call('ZADD', key, 0, worker)
  return '1'
end

--- Nobody has the name any more.
local function leaveCordon(worker)
  local key = tag .. ':cordons'
  if not redis.call('ZSCORE', key, worker) then return end
  redis.call('ZADD', key, nowMs, worker)
  redis.call('ZREMRANGEBYSCORE', key, 1, nowMs - cordonKeptMs)
  if redis.call('ZCOUNT', key, 1, '+inf') <= goneCordonsMax then return end
  local longest = redis.call('ZRANGEBYSCORE', key, 1, '+inf', 'LIMIT', 0, 1)
  redis.call('ZREM', key, longest[1])
end
