#!lua flags=allow-oom
--- The leader found that data was lost: every worker joins again and says what it holds, and nobody
--- claims or is granted anything meanwhile.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 nonce
--- Returns 'started' | 'running' | 'not-leader'
--- Refuses to start another while one runs.
local tag = KEYS[1]
--- @include "check-term"
--- @include "data-set"
if redis.call('EXISTS', tag .. ':quarantine') == 1 then return 'running' end
renewDataSet(ARGV[2])
startQuarantine(ARGV[2])
return 'started'
