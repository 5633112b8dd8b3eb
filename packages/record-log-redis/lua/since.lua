#!lua flags=no-writes
-- Finds where in partitions that begins which was appended at a time or later. An entry's id has the offset after its
-- last record and the time, and both only grow, the time as far as the clock does: so the end of the last entry that is
-- older is found by halving.
--
-- KEYS     for each partition: stream, meta hash {next, low}
-- ARGV[1]  the time, µs since 1970
-- Returns  for each partition: the offset; that of the next record if nothing is that new
--@include text

local time = tonumber(ARGV[1])
local reply = {}

for i = 1, #KEYS / 2 do
  local stream, meta = KEYS[2 * i - 1], KEYS[2 * i]
  local held = redis.call('HMGET', meta, 'low', 'next')
  local low, high = tonumber(held[1] or 0), tonumber(held[2] or 0)
  -- What is before `low` is older, what is from `high` on is not.
  while low < high do
    local middle = math.floor((low + high) / 2)
    local entry = redis.call('XRANGE', stream, text(middle + 1), '+', 'COUNT', 1)[1]
    if not entry then
      high = middle
    else
      local ends, stamp = string.match(entry[1], '^(%d+)-(%d+)$')
      if tonumber(stamp) < time then low = tonumber(ends) else high = middle end
    end
  end
  reply[i] = low
end
return reply
