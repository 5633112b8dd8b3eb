#!lua flags=allow-oom
--- Deletes what is left over: retired units that are free, connectors being deleted without units. The
--- other scripts do so themselves; this one repairs.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 number of units · units… · connectors…
--- Returns 'swept' | 'not-leader'
--- Refuses (skips) units that are owned or wanted, connectors that live or have units.
local tag = KEYS[1]
--- @include "check-term"
--- @include "units"
local lastUnit = 2 + ARGV[2]
for index = 3, lastUnit do
  local unit = ARGV[index]
  local state, retired, fence =
    unpack(redis.call('HMGET', tag .. ':u:' .. unit, 'state', 'retired', 'fence'))
  if state == 'free' and retired == '1' then deleteUnit(unit, (partsOf(unit)), fence) end
end
for index = lastUnit + 1, #ARGV do deleteConnectorIfEmpty(ARGV[index]) end
saveChanges()
return 'swept'
