#!lua flags=allow-oom
--- Ends a session.
---
--- KEYS    1 tag
--- ARGV    1 id
--- Returns 'removed' | 'gone' if it had ended before
local tag = KEYS[1]
redis.call('ZREM', tag .. ':sessions', ARGV[1])
return redis.call('DEL', tag .. ':session:' .. ARGV[1]) == 1 and 'removed' or 'gone'
