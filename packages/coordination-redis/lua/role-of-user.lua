#!lua flags=allow-oom
--- The role of the user that runs it, by what the user's rules let it write.
---
--- KEYS    1 tag
--- ARGV    none
--- Returns 'admin' | 'operator' | 'viewer'
local tag = KEYS[1]
if redis.acl_check_cmd('XADD', tag .. ':requests', '*', 'id', '') then return 'admin' end
if redis.acl_check_cmd('XADD', tag .. ':operator-inbox', '*', 'id', '') then return 'operator' end
return 'viewer'
