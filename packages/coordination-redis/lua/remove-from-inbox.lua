#!lua flags=allow-oom
--- What an operator asked for is done with.
---
--- KEYS    1 tag
--- ARGV    1 position
--- Returns 'removed' | 'gone'
local tag = KEYS[1]
local removed = redis.call('XDEL', tag .. ':operator-inbox', ARGV[1])
-- With its last id, too: an operator may have put one in that no other can come after.
if redis.call('XLEN', tag .. ':operator-inbox') == 0 then redis.call('DEL', tag .. ':operator-inbox') end
if removed == 1 then return 'removed' end
return 'gone'
