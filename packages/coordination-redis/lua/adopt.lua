#!lua flags=allow-oom
--- After a loss of data: gives units back to an incarnation that reported holding them, under the fence
--- that it holds, so that it goes on in place. Who owns the unit by a record that is older loses it.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 worker · 3 incarnation, then for each unit: unit · uid · epoch · fence
--- Returns for each unit 1 if it is this incarnation's now, 0 if not; or 'not-leader'
--- Refuses who is not a live member, a unit that is gone, retired or another by uid, an epoch that is not
---         known here (its configuration was lost), and a fence that is not the highest.
local tag = KEYS[1]
--- @include "check-term"
--- @include "units"
--- @include "live-member"
local worker, incarnation = ARGV[2], ARGV[3]
local allowed = liveState(worker, incarnation)
local replies = {}

local function adopt(unit, uid, epoch, fence)
  local key = tag .. ':u:' .. unit
  local state, storedUid, storedEpoch, storedFence, owner, retired = unpack(redis.call('HMGET', key,
    'state', 'uid', 'epoch', 'fence', 'incarnation', 'retired'))
  if storedUid ~= uid then return 0 end
  if owner == incarnation and storedFence == fence then
    if state == 'granted' then
      redis.call('HSET', key, 'state', 'claimed')
      noteChanged('u:' .. unit)
    end
    return 1
  end
  if retired == '1' or tonumber(epoch) > tonumber(storedEpoch) then return 0 end
  if tonumber(fence) <= tonumber(storedFence) then return 0 end
  if state ~= 'free' then
    redis.call('SREM', tag .. ':a:' .. owner, unit)
    noteAssigned(owner)
  end
  redis.call('HSET', key, 'state', 'claimed', 'worker', worker, 'incarnation', incarnation,
    'heldEpoch', epoch, 'heldUid', uid, 'fence', fence, 'statusState', '')
  redis.call('SADD', tag .. ':a:' .. incarnation, unit)
  local connector, task = partsOf(unit)
  if task then redis.call('ZADD', tag .. ':held:' .. connector, epoch, unit) end
  noteChanged('u:' .. unit)
  noteAssigned(incarnation)
  return 1
end

for index = 4, #ARGV, 4 do
  replies[#replies + 1] = allowed and adopt(unpack(ARGV, index, index + 3)) or 0
end
saveChanges()
return replies
