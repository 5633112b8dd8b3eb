#!lua flags=allow-oom
--- Reads records as of now: one reply for hundreds, which spares the reader most of the work.
---
--- KEYS    1 tag
--- ARGV    1 number of a unit's fields · fields… · records: `c:<connector>`, `u:<unit>`, `m:<worker>`
--- Returns nonce of the data set, then for each record: the values of those fields for a unit, else its
---         fields and values in turn; none if it does not exist
local tag = KEYS[1]
local reply = { redis.call('GET', tag .. ':dataset') or '' }
local firstRecord = 2 + ARGV[1]
local unitFields = { unpack(ARGV, 2, firstRecord - 1) }
for index = firstRecord, #ARGV do
  local record = ARGV[index]
  local key = tag .. ':' .. record
  if string.sub(record, 1, 2) ~= 'u:' then
    reply[#reply + 1] = redis.call('HGETALL', key)
  else
    local values = redis.call('HMGET', key, unpack(unitFields))
    reply[#reply + 1] = values[1] and values or {}
  end
end
return reply
