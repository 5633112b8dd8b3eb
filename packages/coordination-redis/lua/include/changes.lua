--- Revisions. A script notes each record that it alters (`c:<connector>`, `u:<unit>`, `m:<worker>`) and
--- calls saveChanges() once at its end: one new revision for all of them, so that readers follow by
--- delta. Deleted records stay as tombstones until there are too many; a reader that is behind the
--- oldest tombstone left has to read everything anew (`trimmed`).
--- It also notes the incarnations whose assignments may read differently now.
local tombstonesMax = 10000
local argumentsMax = 1000 -- Of one command: Lua's unpack() is bounded.
local changed, deleted, reassigned = {}, {}, {}

local function noteChanged(record) changed[#changed + 1] = record end

local function noteCreated(record)
  redis.call('ZREM', tag .. ':gone', record)
  changed[#changed + 1] = record
end

local function noteDeleted(record)
  changed[#changed + 1] = record
  deleted[#deleted + 1] = record
end

--- '*': of everybody.
local function noteAssigned(incarnation) reassigned[incarnation] = true end

local function addScored(key, score, members)
  for from = 1, #members, argumentsMax do
    local arguments = {}
    for index = from, math.min(from + argumentsMax - 1, #members) do
      arguments[#arguments + 1] = score
      arguments[#arguments + 1] = members[index]
    end
    redis.call('ZADD', key, unpack(arguments))
  end
end

local function trimTombstones()
  local excess = redis.call('ZCARD', tag .. ':gone') - tombstonesMax
  while excess > 0 do
    local popped = redis.call('ZPOPMIN', tag .. ':gone', math.min(excess, argumentsMax))
    for index = 1, #popped, 2 do redis.call('ZREM', tag .. ':changes', popped[index]) end
    redis.call('SET', tag .. ':trimmed', popped[#popped])
    excess = excess - #popped / 2
  end
end

local function saveChanges()
  for incarnation in pairs(reassigned) do
    redis.call('HINCRBY', tag .. ':assigned', incarnation, 1)
  end
  if #changed == 0 then return end
  local revision = redis.call('INCR', tag .. ':revision')
  addScored(tag .. ':changes', revision, changed)
  if #deleted == 0 then return end
  addScored(tag .. ':gone', revision, deleted)
  trimTombstones()
end
