#!lua flags=allow-oom
--- Keeps events.
---
--- KEYS    1 tag
--- ARGV    1 term, then for each event: type · message · facts (JSON)
--- Returns 'appended' | 'not-leader'
local tag = KEYS[1]
--- @include "check-term"
--- @include "events"
appendEvents(2)
return 'appended'
