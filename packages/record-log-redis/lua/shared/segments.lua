-- A partition is accounted in segments, so that trimming need not read what it removes. The list holds
-- closed segments, oldest first, as '<offset after its last record>:<bytes>'; the bytes of the open one
-- are in the field 'open' of the partition's meta hash.

-- Closes the open segment, so that it can be dropped.
local function closeSegment(meta, segments)
  local held = redis.call('HMGET', meta, 'open', 'next')
  local open = tonumber(held[1] or 0)
  if open == 0 then return end
  redis.call('RPUSH', segments, held[2] .. ':' .. text(open))
  redis.call('HSET', meta, 'open', 0)
end

-- Removes at most `max` closed segments that end at or before `safe`, until `wanted` bytes are freed.
local function dropSegments(stream, meta, segments, usage, safe, max, wanted)
  local freed, low = 0, nil
  for _ = 1, max do
    if freed >= wanted then break end
    local oldest = redis.call('LINDEX', segments, 0)
    if not oldest then break end
    local last, bytes = string.match(oldest, '^(%d+):(%d+)$')
    if tonumber(last) > safe then break end
    redis.call('LPOP', segments)
    freed = freed + tonumber(bytes)
    low = last
  end
  if low then
    redis.call('XTRIM', stream, 'MINID', text(tonumber(low) + 1))
    redis.call('HSET', meta, 'low', low)
    redis.call('HINCRBY', meta, 'bytes', text(-freed))
    redis.call('DECRBY', usage, text(freed))
  end
  return freed
end
