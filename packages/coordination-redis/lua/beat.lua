#!lua flags=allow-oom
--- A heartbeat, and the notice of lost data: a worker that knows another data set, or more of this one
--- than Redis does, proves that Redis forgot something.
---
--- KEYS    1 tag
--- ARGV    1 worker · 2 incarnation · 3 data set · 4 highest beat seen · 5 highest revision seen
---         6 own beat acknowledged · 7 nonce
--- Returns 'ok', beat, revision, assignment revision, state, '1' if quarantined, '1' if cordoned
---         'rejoin' | 'fenced'
--- Refuses who was declared dead, left or was superseded (fenced), and whom Redis does not know though
---         it was never buried, or who knew what is lost (rejoin).
local tag = KEYS[1]
--- @include "data-set"
local worker, incarnation, known = ARGV[1], ARGV[2], ARGV[3]
local beatSeen, revisionSeen = tonumber(ARGV[4]), tonumber(ARGV[5])
local dataset, beat, revision, quarantine =
  unpack(redis.call('MGET', tag .. ':dataset', tag .. ':beat', tag .. ':revision', tag .. ':quarantine'))

local behind = tonumber(beat or 0) < beatSeen or tonumber(revision or 0) < revisionSeen
if dataset ~= known or behind then
  if redis.call('ZSCORE', tag .. ':dead', incarnation) then return { 'fenced' } end
  -- It never joined: it proves nothing.
  if known == '' then return { 'rejoin' } end
  noteLostDataSet(known, foundDataSet(ARGV[7]), ARGV[7])
  liftAbove(tag .. ':beat', beatSeen)
  liftAbove(tag .. ':revision', revisionSeen)
  return { 'rejoin' }
end

local member, state, cordoned =
  unpack(redis.call('HMGET', tag .. ':m:' .. worker, 'incarnation', 'state', 'cordoned'))
if member ~= incarnation then
  if member or redis.call('ZSCORE', tag .. ':dead', incarnation) then return { 'fenced' } end
  return { 'rejoin' }
end
if state == 'dead' then return { 'fenced' } end

local own = redis.call('INCR', tag .. ':beat')
redis.call('HSET', tag .. ':beats', worker, string.format('%.0f|%.0f|%s', own, nowMs, ARGV[6]))
local everybody, mine = unpack(redis.call('HMGET', tag .. ':assigned', '*', incarnation))
local assigned = tonumber(everybody or 0) + tonumber(mine or 0)
return { 'ok', own, tonumber(revision or 0), assigned, state, quarantine and '1' or '0',
  cordoned == '1' and '1' or '0' }
