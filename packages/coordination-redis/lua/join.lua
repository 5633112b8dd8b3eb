#!lua flags=allow-oom
--- Makes an incarnation a member, or confirms that it is one. After a loss of data it also says what it
--- holds, for the leader to adopt.
---
--- KEYS    1 tag
--- ARGV    1 worker · 2 incarnation · 3 pid · 4 host · 5 address · 6 highest protocol that it speaks
---         7 plugins (JSON) · 8 data set that it knew, or '' · 9 what it holds (JSON)
---         10 highest fence of that, or 0 · 11 nonce · 12 ms of its lease · 13 lowest protocol · 14 its log
---         15 '1' if it was cordoned in the data set that it knew
--- Returns 'joined', slot, data set, beat, revision
---         'name-taken', incarnation, host, pid
---         'fenced'
---         'refused', 'protocol' | 'log', what the cluster uses
--- Refuses who does not speak the protocol in use, or is set to another log while anybody else is there; an incarnation that was declared dead or left (fenced: it may be half stopped, and others own
---         its units), and a name whose incarnation may be alive. A dead one is replaced, but its units
---         stay its own until they are orphaned.
local tag = KEYS[1]
--- @include "data-set"
--- @include "changes"
--- @include "fence-floor"
--- @include "agreement"
--- @include "cordons"
local worker, incarnation, known, nonce = ARGV[1], ARGV[2], ARGV[8], ARGV[11]
if redis.call('ZSCORE', tag .. ':dead', incarnation) then return { 'fenced' } end

local function isAlone()
  if redis.call('EXISTS', tag .. ':leader') == 1 then return false end
  local others = redis.call('ZCARD', tag .. ':slots')
  return others == (redis.call('ZSCORE', tag .. ':slots', worker) and 1 or 0)
end

local refused = disagreement(ARGV[13], ARGV[6], ARGV[14], isAlone())
if refused then return refused end

local dataset, hasLost = foundDataSet(nonce), false
if known ~= '' then
  if known ~= dataset then
    hasLost = true
    dataset = noteLostDataSet(known, dataset, nonce)
  end
  raiseFenceFloor(tonumber(ARGV[10]))
end

local key = tag .. ':m:' .. worker
local member, state, host, pid, joinedAtMs =
  unpack(redis.call('HMGET', key, 'incarnation', 'state', 'host', 'pid', 'joinedAtMs'))
local rejoins = member == incarnation
if rejoins and state == 'dead' then return { 'fenced' } end
if member and not rejoins and state ~= 'dead' then return { 'name-taken', member, host, pid } end

-- The smallest slot that is free: 0 to k are all taken if and only if there are k + 1 of them.
local function smallestFree(slots)
  local low, high = 0, redis.call('ZCARD', slots)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if redis.call('ZCOUNT', slots, 0, middle) > middle then low = middle + 1 else high = middle end
  end
  return low
end

-- Its old slot if nobody has it, else the smallest that is free.
local function takeSlot()
  local slots = tag .. ':slots'
  local slot = redis.call('ZSCORE', slots, worker)
  if slot then return slot end
  slot = redis.call('HGET', tag .. ':past-slots', worker)
  if not slot or redis.call('ZCOUNT', slots, slot, slot) > 0 then slot = smallestFree(slots) end
  redis.call('ZADD', slots, slot, worker)
  return slot
end

if hasLost and ARGV[15] == '1' then cordonName(worker) end
useLog(ARGV[14])
local slot = takeSlot()
if not rejoins then redis.call('DEL', key) end
redis.call('HSET', key, 'incarnation', incarnation, 'state', rejoins and state or 'up', 'slot', slot,
  'pid', ARGV[3], 'host', ARGV[4], 'address', ARGV[5], 'protocol', ARGV[6], 'protocolMin', ARGV[13],
  'log', ARGV[14], 'plugins', ARGV[7], 'leaseMs', ARGV[12], 'cordoned', takeCordon(worker),
  'joinedAtMs', rejoins and joinedAtMs or nowMs)
if member then noteChanged('m:' .. worker) else noteCreated('m:' .. worker) end

local beat = redis.call('INCR', tag .. ':beat')
redis.call('HSET', tag .. ':beats', worker, string.format('%.0f|%.0f|%.0f', beat, nowMs, beat))
-- A report counts for the quarantine that it was made for; a later one asks anew.
if known ~= '' and redis.call('EXISTS', tag .. ':quarantine') == 1 then
  redis.call('HSET', tag .. ':reports', incarnation, ARGV[9])
end
saveChanges()
return { 'joined', tonumber(slot), dataset, beat, tonumber(redis.call('GET', tag .. ':revision')) }
