#!lua flags=allow-oom
--- Ends the caller's term at once, so that a follower need not wait for the lease.
---
--- KEYS    1 tag
--- ARGV    1 term
--- Returns 'resigned' | 'not-leader'
--- Refuses a term that is over: the lease is another's.
local tag = KEYS[1]
--- @include "check-term"
redis.call('DEL', tag .. ':leader')
return 'resigned'
