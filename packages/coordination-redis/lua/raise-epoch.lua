#!lua flags=allow-oom
--- Ends the term, and makes later ones have higher epochs than one that was seen elsewhere: Redis lost the
--- last one, and its clock is behind.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 epoch
--- Returns 'raised' | 'not-leader'
local tag = KEYS[1]
--- @include "check-term"
if tonumber(ARGV[2]) > tonumber(redis.call('GET', tag .. ':leader-epoch') or 0) then
  redis.call('SET', tag .. ':leader-epoch', ARGV[2])
end
redis.call('DEL', tag .. ':leader')
return 'raised'
