#!lua flags=no-writes
-- Reads batches of records from several partitions, up to a number of bytes, without waiting.
--
-- KEYS     for each partition: stream, meta hash {next, low, bytes, open}
-- ARGV[1]  bytes to be read, roughly: each partition that has something gives at least one batch as
--          long as the bytes are not used up
-- ARGV[2…] for each partition: offset of the first record wanted,
--          id of the last batch read that must still exist, or ''
-- Returns  for each partition: {low, high, lost, id, payload, id, payload, …}
--          lost is 1 if the batch that must exist does not, though nobody trimmed it
--@include text

local budget = tonumber(ARGV[1])
local count = #KEYS / 2
local share = math.ceil(budget / count)
local reply = {}

for i = 1, count do
  local stream, meta = KEYS[2 * i - 1], KEYS[2 * i]
  local position, expected = tonumber(ARGV[2 * i]), ARGV[2 * i + 1]
  local held = redis.call('HMGET', meta, 'low', 'next')
  local low, high = tonumber(held[1] or 0), tonumber(held[2] or 0)
  local found = {low, high, 0}
  reply[i] = found
  if expected ~= '' and tonumber((string.match(expected, '^%d+'))) > low then
    if #redis.call('XRANGE', stream, expected, expected) == 0 then found[3] = 1 end
  end
  if found[3] == 0 and position >= low and position < high then
    local from, taken, read = text(position + 1), 0, 0
    while budget > 0 and taken < share do
      -- As many at once as should fit, judged by those before.
      local ask = 1
      if read > 0 then
        ask = math.max(1, math.min(128, math.floor(math.min(budget, share - taken) * read / taken)))
      end
      local entries = redis.call('XRANGE', stream, from, '+', 'COUNT', ask)
      for _, entry in ipairs(entries) do
        local payload = entry[2][2]
        found[#found + 1] = entry[1]
        found[#found + 1] = payload
        from = '(' .. entry[1]
        taken = taken + #payload
        budget = budget - #payload
        read = read + 1
      end
      if #entries < ask then break end
    end
  end
end
return reply
