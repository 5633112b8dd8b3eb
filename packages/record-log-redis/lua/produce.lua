#!lua
-- Appends batches of records, all or none, and wakes readers. Without allow-oom, so that a full Redis
-- refuses it.
--
-- A writer numbers its calls within a session. A call whose predecessor was refused is refused as well,
-- so that repeating both keeps the order; call 0 begins a session.
--
-- KEYS[1]  fence hash of the writer {fence, session, sequence}
-- KEYS[2]  topics hash {topic: partitions}
-- KEYS[3]  bytes of the whole log
-- KEYS[4]  hash of the log's time
-- KEYS[5…] for each batch: stream, meta hash {next, low, bytes, open, stamp, abandoned}, segments list,
--          offsets hash
-- ARGV[1]  fence
-- ARGV[2]  session
-- ARGV[3]  sequence
-- ARGV[4]  bytes a partition may hold
-- ARGV[5]  bytes the log may hold
-- ARGV[6]  bytes of a segment
-- ARGV[7]  'block' or 'delete': what happens when a partition is full
-- ARGV[8]  ms after which a group that was not heard of does not count
-- ARGV[9…] for each batch: topic, partition, records, payload, channel
-- Returns  {'ok', offset of the first record, …}   one number for each batch
--          {'unopened'}, {'fenced', fence}         see fence.lua
--          {'gap'}                                 the predecessor was not appended
--          {'unknown', topic, partitions}          the topic or the partition does not exist
--          {'full', topic, partition, bytes, group, offset, next}
--                                                  the partition's quota; group that lags most or ''
--          {'log-full', bytes}                     the quota of the whole log
-- Publishes the next offset to the channel of each partition.
--@include text
--@include fence
--@include log-time
--@include groups
--@include segments

local entryOverheadBytes = 48
local keysBefore, keysEach, argsBefore, argsEach = 4, 4, 8, 5

local refused = refusedByFence(KEYS[1], ARGV[1])
if refused then return refused end
local sequence = tonumber(ARGV[3])
if sequence > 0 then
  local last = redis.call('HMGET', KEYS[1], 'session', 'sequence')
  if last[1] ~= ARGV[2] or tonumber(last[2]) ~= sequence - 1 then return {'gap'} end
end

local partitionBytesMax, logBytesMax = tonumber(ARGV[4]), tonumber(ARGV[5])
local segmentBytes, retention = tonumber(ARGV[6]), ARGV[7]
local time, groupRetentionMs = logTime(KEYS[4]), tonumber(ARGV[8])
local count = (#KEYS - keysBefore) / keysEach

-- Frees what is needed for `bytes` more; returns nil, or the reply that refuses.
local function makeRoom(batch, bytes)
  local k, a = keysBefore + batch * keysEach, argsBefore + batch * argsEach
  local stream, meta, segments, offsets = KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4]
  local held = redis.call('HMGET', meta, 'bytes', 'next')
  local holds = tonumber(held[1] or 0)
  local used = tonumber(redis.call('GET', KEYS[3]) or 0)
  local excess = math.max(holds + bytes - partitionBytesMax, used + bytes - logBytesMax)
  if excess <= 0 then return nil end
  closeSegment(meta, segments)
  local needed, group = trimmableUpTo(offsets, meta, time, groupRetentionMs)
  local safe = retention == 'delete' and math.huge or needed
  local freed = dropSegments(stream, meta, segments, KEYS[3], safe, 1024, excess)
  if holds - freed + bytes > partitionBytesMax then
    return {'full', ARGV[a + 1], ARGV[a + 2], text(holds - freed), group,
      group == '' and '' or text(needed), held[2] or '0'}
  end
  if used - freed + bytes > logBytesMax then return {'log-full', text(used - freed)} end
  return nil
end

for batch = 0, count - 1 do
  local a = argsBefore + batch * argsEach
  local partitions = redis.call('HGET', KEYS[2], ARGV[a + 1])
  if not partitions or tonumber(ARGV[a + 2]) >= tonumber(partitions) then
    return {'unknown', ARGV[a + 1], tonumber(partitions or 0)}
  end
  local full = makeRoom(batch, #ARGV[a + 4] + entryOverheadBytes)
  if full then return full end
end

-- The second part of an entry's id makes the entry recognisable: when Redis has lost its end and written
-- other records at the same offsets, a reader notices.
local now = redis.call('TIME')
local stamp = now[1] .. string.format('%06d', now[2])
local reply = {'ok'}
for batch = 0, count - 1 do
  local k, a = keysBefore + batch * keysEach, argsBefore + batch * argsEach
  local stream, meta, segments = KEYS[k + 1], KEYS[k + 2], KEYS[k + 3]
  local payload = ARGV[a + 4]
  local bytes = #payload + entryOverheadBytes
  local held = redis.call('HMGET', meta, 'next', 'open')
  local first = tonumber(held[1] or 0)
  local following = text(first + tonumber(ARGV[a + 3]))
  redis.call('XADD', stream, following .. '-' .. stamp, 'b', payload)
  local open = tonumber(held[2] or 0) + bytes
  if open >= segmentBytes then
    redis.call('RPUSH', segments, following .. ':' .. text(open))
    open = 0
  end
  redis.call('HSET', meta, 'next', following, 'open', text(open), 'stamp', stamp)
  redis.call('HINCRBY', meta, 'bytes', text(bytes))
  redis.call('INCRBY', KEYS[3], text(bytes))
  -- A user who may not publish still appends; its readers then wake only by their periodic look.
  redis.pcall('PUBLISH', ARGV[a + 5], following)
  reply[batch + 2] = first
end
redis.call('HSET', KEYS[1], 'session', ARGV[2], 'sequence', ARGV[3])
return reply
