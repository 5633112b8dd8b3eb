#!lua flags=allow-oom
--- Stores a request, once for each id.
---
--- KEYS    1 tag
--- ARGV    1 request id · 2 body (JSON)
--- Returns 'stored' | 'known' | 'full'
--- Refuses (full) when too many requests wait: no leader has applied any for long.
local tag = KEYS[1]
local requestsMax = 10000
if redis.call('EXISTS', tag .. ':result:' .. ARGV[1]) == 1 then return 'known' end
if redis.call('HEXISTS', tag .. ':request-ids', ARGV[1]) == 1 then return 'known' end
if redis.call('XLEN', tag .. ':requests') >= requestsMax then return 'full' end
local position = redis.call('XADD', tag .. ':requests', '*', 'id', ARGV[1], 'body', ARGV[2])
redis.call('HSET', tag .. ':request-ids', ARGV[1], position)
return 'stored'
