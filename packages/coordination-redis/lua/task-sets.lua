#!lua flags=allow-oom
--- Reads what workers have published, each set as of one moment.
---
--- KEYS    1 tag
--- ARGV    connectors
--- Returns for each: uid, task epoch, definition version, then task and configuration (JSON) in turn; an
---         empty list if it is gone
local tag = KEYS[1]
local reply = {}
for index, name in ipairs(ARGV) do
  local set = redis.call('HMGET', tag .. ':c:' .. name, 'uid', 'taskEpoch', 'taskVersion')
  if set[1] then
    for _, value in ipairs(redis.call('HGETALL', tag .. ':tc:' .. name)) do set[#set + 1] = value end
    reply[index] = set
  else
    reply[index] = {}
  end
end
return reply
