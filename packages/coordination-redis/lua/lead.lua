#!lua flags=allow-oom
--- Becomes or stays leader. The lease is the key's expiry; it decides who leads, never who may write:
--- every script of a leader checks its term.
---
--- KEYS    1 tag
--- ARGV    1 coordinator · 2 lease, ms · 3 value to take over from, or '' · 4 nonce for a new data set
---         5 lowest, 6 highest protocol that it speaks · 7 its log · 8 log that nobody alive uses, or ''
--- Returns 'leading', epoch, '1' if elected by this call, '1' if the data set was never led before
---         'following', value, leader
---         'refused', 'protocol' | 'log', what the cluster uses
--- Refuses who does not speak the protocol in use, or is set to another log while anybody is there, but for
---         members that the caller saw silent for longer than they may act. And refuses while another coordinator's lease runs, unless its value is the one that the caller saw stand
---         still for a whole lease: the key's expiry follows a wall clock, which may have jumped.
local tag = KEYS[1]
--- @include "data-set"
--- @include "agreement"
local key = tag .. ':leader'
local current = redis.call('GET', key)
local log = ARGV[7]

local function isAlone()
  if current and current ~= ARGV[3] then return false end
  if redis.call('ZCARD', tag .. ':slots') == 0 then return true end
  return redis.call('GET', tag .. ':log') == ARGV[8]
end

local refused = disagreement(ARGV[5], ARGV[6], log, isAlone())
if refused then return refused end
-- For the leader, who waits with raising the protocol; whoever comes back too late is refused above.
redis.call('HSET', tag .. ':coordinators', ARGV[1], ARGV[6] .. '|' .. string.format('%.0f', nowMs))
if current then
  local holder, epoch, renewals = string.match(current, '^(.*)|(%d+)|(%d+)$')
  if holder == ARGV[1] then
    redis.call('SET', key, holder .. '|' .. epoch .. '|' .. (renewals + 1), 'PX', ARGV[2])
    return { 'leading', epoch, '0', '0' }
  end
  if current ~= ARGV[3] then return { 'following', current, holder } end
end
useLog(log)
local last = redis.call('GET', tag .. ':leader-epoch')
foundDataSet(ARGV[4])
-- Time, so that epochs grow also when Redis forgot the last one.
local epoch = string.format('%.0f', math.max(tonumber(last or 0) + 1, nowMicros))
redis.call('SET', tag .. ':leader-epoch', epoch)
redis.call('SET', key, ARGV[1] .. '|' .. epoch .. '|0', 'PX', ARGV[2])
return { 'leading', epoch, '1', last and '0' or '1' }
