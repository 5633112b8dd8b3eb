#!lua flags=allow-oom
--- Everything that an incarnation owns, with what its connectors want now.
---
--- KEYS    1 tag
--- ARGV    1 worker · 2 incarnation
--- Returns assignment revision, data set or '', last beat of anybody, '1' if quarantined,
---         then for each unit: unit · uid · epoch · fence · restarts · state ·
---         '1' if the unit is another connector's by now · target state · definition version
--- Refuses (no units) who is not a live member: nothing is assigned to the dead.
local tag = KEYS[1]
--- @include "units"
--- @include "live-member"
local worker, incarnation = ARGV[1], ARGV[2]
local everybody, mine = unpack(redis.call('HMGET', tag .. ':assigned', '*', incarnation))
local dataset, beat, quarantine =
  unpack(redis.call('MGET', tag .. ':dataset', tag .. ':beat', tag .. ':quarantine'))
local reply = { tonumber(everybody or 0) + tonumber(mine or 0), dataset or '', tonumber(beat or 0),
  quarantine and '1' or '0' }
if not liveState(worker, incarnation) then return reply end

local connectors = {}
for _, unit in ipairs(redis.call('SMEMBERS', tag .. ':a:' .. incarnation)) do
  local connector = partsOf(unit)
  if not connectors[connector] then
    connectors[connector] = redis.call('HMGET', tag .. ':c:' .. connector, 'targetState', 'version')
  end
  local state, uid, heldUid, heldEpoch, fence, restarts = unpack(redis.call('HMGET',
    tag .. ':u:' .. unit, 'state', 'uid', 'heldUid', 'heldEpoch', 'fence', 'restarts'))
  local target, version = unpack(connectors[connector])
  for _, value in ipairs({ unit, heldUid, heldEpoch, fence, restarts, state,
    uid == heldUid and '0' or '1', target or 'STOPPED', version or '0' }) do
    reply[#reply + 1] = value
  end
end
return reply
