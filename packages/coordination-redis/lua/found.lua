#!lua flags=allow-oom
--- Gives the data set its nonce, if it has none yet.
---
--- KEYS    1 tag
--- ARGV    1 nonce
--- Returns the nonce of the data set
local tag = KEYS[1]
--- @include "data-set"
return foundDataSet(ARGV[1])
