#!lua flags=allow-oom
--- Notes which task sets are in the journal, and how far it has been followed.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 journal · 3 position, then for each task set: connector · uid · epoch
--- Returns 'marked' | 'not-leader'
--- Refuses (skips) a connector that is gone or another by uid.
local tag = KEYS[1]
--- @include "check-term"
--- @include "changes"
--- @include "journal-mark"
for index = 4, #ARGV, 3 do
  local name, uid, epoch = unpack(ARGV, index, index + 2)
  local key = tag .. ':c:' .. name
  local storedUid, journaled = unpack(redis.call('HMGET', key, 'uid', 'journaledEpoch'))
  if storedUid == uid and tonumber(epoch) > tonumber(journaled or 0) then
    redis.call('HSET', key, 'journaledEpoch', epoch)
    noteChanged('c:' .. name)
  end
end
advanceJournalMark(ARGV[2], ARGV[3])
saveChanges()
return 'marked'
