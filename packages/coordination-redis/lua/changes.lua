#!lua flags=allow-oom
--- Which records changed since a revision, deleted ones included. Who reads first founds the data set.
---
--- KEYS    1 tag
--- ARGV    1 revision that the reader knows, or 0 · 2 nonce of the data set that it knows, or ''
---         3 nonce for a new data set
--- Returns 'delta' | 'full', nonce of the data set, revision, protocol in use or '', then the records
--- Refuses a delta (full: of all records) to a reader of another data set, one that knows more than there
---         is, and one that is behind the oldest tombstone.
local tag = KEYS[1]
--- @include "data-set"
local since = tonumber(ARGV[1])
local dataset = foundDataSet(ARGV[3])
local revision, trimmed, protocol =
  unpack(redis.call('MGET', tag .. ':revision', tag .. ':trimmed', tag .. ':protocol'))
revision = tonumber(revision or 0)
local isDelta = since > 0 and since <= revision and since >= tonumber(trimmed or 0)
local reply = { 'full', dataset, revision, protocol or '' }
local from = '-inf'
if isDelta and dataset == ARGV[2] then
  reply[1] = 'delta'
  from = '(' .. ARGV[1]
end
for _, record in ipairs(redis.call('ZRANGEBYSCORE', tag .. ':changes', from, '+inf')) do
  reply[#reply + 1] = record
end
return reply
