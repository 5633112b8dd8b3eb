#!lua flags=allow-oom
--- Keeps lines of a worker's log; the oldest beyond a bound are forgotten.
---
--- KEYS    1 tag
--- ARGV    1 how many are kept, then for each line: worker · connector · task · level · time in ms · message
--- Returns 'appended'
local tag = KEYS[1]
for index = 2, #ARGV, 6 do
  redis.call('XADD', tag .. ':log-lines', 'MAXLEN', '~', ARGV[1], '*',
    'w', ARGV[index], 'c', ARGV[index + 1], 't', ARGV[index + 2],
    'l', ARGV[index + 3], 'a', ARGV[index + 4], 'm', ARGV[index + 5])
end
return 'appended'
