#!lua flags=allow-oom
--- Keeps what a worker does, for some seconds: also where Redis is full, which is when people look.
---
--- KEYS    1 tag
--- ARGV    1 worker · 2 how long it is kept, ms · 3 report (JSON)
--- Returns 'told'
local tag = KEYS[1]
redis.call('SET', tag .. ':load:' .. ARGV[1], ARGV[3], 'PX', ARGV[2])
return 'told'
