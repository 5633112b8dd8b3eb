#!lua flags=allow-oom
--- Keeps what somebody did, also where Redis is full: the oldest beyond a bound are forgotten.
---
--- KEYS    1 tag
--- ARGV    1 how many are kept, then name and value of each field
--- Returns 'appended'
local tag = KEYS[1]
local entry = { 'XADD', tag .. ':audit', 'MAXLEN', '~', ARGV[1], '*' }
for index = 2, #ARGV do entry[#entry + 1] = ARGV[index] end
redis.call(unpack(entry))
return 'appended'
