#!lua flags=allow-oom
--- An operator asks for something. Run with an operator's rights, which are to read, and to add to the inbox.
---
--- KEYS    1 tag
--- ARGV    1 request id · 2 body (JSON) · 3 who asks · 4 from where
--- Returns 'put', position | 'full'
--- Refuses (full) when too many wait: no coordinator has taken any for long.
local tag = KEYS[1]
local entriesMax = 1000
if redis.call('XLEN', tag .. ':operator-inbox') >= entriesMax then return 'full' end
local position = redis.call('XADD', tag .. ':operator-inbox', '*',
  'id', ARGV[1], 'body', ARGV[2], 'who', ARGV[3], 'from', ARGV[4])
return { 'put', position }
