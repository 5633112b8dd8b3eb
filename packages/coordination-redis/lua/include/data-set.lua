--- @include "time"
--- The data set has a nonce, new whenever data was found to be lost. `lost` remembers the nonces of data
--- sets whose loss was noticed: the first worker that knew one starts a quarantine, the others only
--- have to join again.

--- The nonce; whoever comes first gives it. Assignment revisions start at the time, so that they go on
--- growing after a loss.
local function foundDataSet(nonce)
  local dataset = redis.call('GET', tag .. ':dataset')
  -- Nothing is written where there is one: who may only read can ask, too.
  if dataset then return dataset end
  redis.call('SET', tag .. ':dataset', nonce)
  redis.call('HSET', tag .. ':assigned', '*', nowMs)
  return nonce
end

--- Nobody claims or is granted anything until the leader ends it.
local function startQuarantine(nonce)
  redis.call('SET', tag .. ':quarantine', nonce)
end

--- Makes every worker join again and say what it holds.
local function renewDataSet(nonce)
  redis.call('SADD', tag .. ':lost', redis.call('GET', tag .. ':dataset') or '')
  redis.call('SET', tag .. ':dataset', nonce)
  redis.call('HSET', tag .. ':assigned', '*', nowMs)
  redis.call('DEL', tag .. ':reports')
end

--- A worker knew another data set, or more of this one; returns the one that there is from now on. This one may
--- have been used before that one, and be back: then its readers, too, know what is lost, and have to read
--- everything. One that was founded just now, for this very worker, is none that was lost.
local function noteLostDataSet(known, dataset, nonce)
  if redis.call('SADD', tag .. ':lost', known) == 0 then return dataset end
  if dataset ~= nonce then renewDataSet(nonce) end
  startQuarantine(nonce)
  return nonce
end

local function liftAbove(key, seen)
  if tonumber(redis.call('GET', key) or 0) < seen then redis.call('SET', key, seen) end
end
