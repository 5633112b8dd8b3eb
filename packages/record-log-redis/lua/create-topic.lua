#!lua flags=allow-oom
-- Creates a topic unless it exists. Allowed when memory is full: it is produce that waits for room.
--
-- KEYS[1]  topics hash {topic: partitions}
-- ARGV[1]  topic
-- ARGV[2]  partitions
-- Returns  the number of partitions that the topic has
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
return tonumber(redis.call('HGET', KEYS[1], ARGV[1]))
