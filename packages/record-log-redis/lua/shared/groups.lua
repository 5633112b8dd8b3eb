-- A group's place in a partition is stored as '<offset>@<time>', and '~<offset>@<time>' if it has not
-- committed yet and begins there. The time is the log's (see log-time.lua) when the group was last heard of:
-- at an assignment, a commit, a touch. A place without a time was stored before there were any: it counts as
-- heard of just now.

-- Offset, whether it is committed, time.
local function parsePlace(place)
  local begins, offset, time = string.match(place, '^(~?)(%d+)@?(%d*)$')
  return tonumber(offset), begins == '', tonumber(time) or math.huge
end

local function place(offset, isCommitted, time)
  return (isCommitted and '' or '~') .. text(offset) .. '@' .. text(time)
end

-- The lowest offset that a group still needs, and the group; nil if there is none. Groups that were not heard
-- of for `retentionMs` do not count. Third: whether there are such groups.
local function slowestGroup(offsets, time, retentionMs)
  local fields = redis.call('HGETALL', offsets)
  local lowest, name, hasExpired = nil, nil, false
  for i = 1, #fields, 2 do
    local offset, _, heardOf = parsePlace(fields[i + 1])
    if time - heardOf > retentionMs then
      hasExpired = true
    elseif not lowest or offset < lowest then
      lowest, name = offset, fields[i]
    end
  end
  return lowest, name, hasExpired
end

-- Up to which offset a partition may be trimmed, and the group that needs what comes after, or ''.
-- A partition that never had a group keeps everything for its first. One whose groups are all gone, expired or
-- forgotten, keeps nothing that is in the way.
local function trimmableUpTo(offsets, meta, time, retentionMs)
  local lowest, name, hasExpired = slowestGroup(offsets, time, retentionMs)
  if lowest then return lowest, name end
  if hasExpired or redis.call('HGET', meta, 'abandoned') then return math.huge, '' end
  return -1, ''
end
