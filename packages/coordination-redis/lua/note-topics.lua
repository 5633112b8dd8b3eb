#!lua flags=allow-oom
--- Notes topics as used by a connector, as its tasks say.
---
--- KEYS    1 tag
--- ARGV    1 incarnation, then for each unit: unit · fence · number of topics · topics…
--- Returns for each unit 1 if noted, 0 if refused
--- Refuses another incarnation or fence, what was never claimed, and a task of a connector that is another
---         one now or being deleted. Beyond 10 000 topics of one connector, more are not noted.
local tag = KEYS[1]
--- @include "units"
--- @include "time"
local topicsMax = 10000
local incarnation = ARGV[1]
local replies, index = {}, 2

local function isOwner(unit, fence, connector)
  local state, current, owner, heldUid =
    unpack(redis.call('HMGET', tag .. ':u:' .. unit, 'state', 'fence', 'incarnation', 'heldUid'))
  if owner ~= incarnation or current ~= fence or state == 'granted' then return false end
  local uid, lifecycle = unpack(redis.call('HMGET', tag .. ':c:' .. connector, 'uid', 'lifecycle'))
  return uid == heldUid and lifecycle == 'live'
end

while index <= #ARGV do
  local unit, fence, count = unpack(ARGV, index, index + 2)
  local connector = partsOf(unit)
  local accepted = isOwner(unit, fence, connector)
  if accepted then
    local key = tag .. ':topics:' .. connector
    for topic = index + 3, index + 2 + count do
      if redis.call('HLEN', key) < topicsMax then redis.call('HSETNX', key, ARGV[topic], nowMs) end
    end
  end
  replies[#replies + 1] = accepted and 1 or 0
  index = index + 3 + count
end
return replies
