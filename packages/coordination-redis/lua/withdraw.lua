#!lua flags=allow-oom
--- A coordinator ends: it is not counted any more. Whether it leads is another matter (resign).
---
--- KEYS    1 tag
--- ARGV    1 coordinator
--- Returns 'withdrawn'
local tag = KEYS[1]
redis.call('HDEL', tag .. ':coordinators', ARGV[1])
return 'withdrawn'
