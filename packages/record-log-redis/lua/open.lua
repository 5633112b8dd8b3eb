#!lua flags=allow-oom
-- Takes over an identity: raises its fence. Allowed when memory is full: a full log must not keep an
-- owner from taking over.
--
-- KEYS[1]  fence hash of the identity {fence, session, sequence}
-- ARGV[1]  fence
-- Returns  {'ok'}
--          {'fenced', fence}  a newer owner exists
local held = redis.call('HGET', KEYS[1], 'fence')
if held and tonumber(held) > tonumber(ARGV[1]) then return {'fenced', held} end
if held ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'fence', ARGV[1])
end
return {'ok'}
