#!lua flags=allow-oom
--- Forgets the topics of a connector. Those that are used are noted again.
---
--- KEYS    1 tag
--- ARGV    1 connector
--- Returns 'forgotten'
redis.call('DEL', KEYS[1] .. ':topics:' .. ARGV[1])
return 'forgotten'
