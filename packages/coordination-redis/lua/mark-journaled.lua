#!lua flags=allow-oom
--- Notes which task sets are in the journal, and how far it has been followed.
---
--- KEYS    1 tag
--- ARGV    1 term · 2 mark, `<journal>|<position>` · 3 the one before it, '' if there was none, '*' for any,
---         then for each task set: connector · uid · epoch
--- Returns 'marked' | 'behind' | 'not-leader'
--- Refuses (behind) where the mark is another than the one before; and skips a connector that is gone or another
---         by uid.
local tag = KEYS[1]
--- @include "check-term"
--- @include "changes"
--- @include "journal-mark"
if not isJournalMark(ARGV[3]) then return 'behind' end
for index = 4, #ARGV, 3 do
  local name, uid, epoch = unpack(ARGV, index, index + 2)
  local key = tag .. ':c:' .. name
  local storedUid, journaled = unpack(redis.call('HMGET', key, 'uid', 'journaledEpoch'))
  if storedUid == uid and tonumber(epoch) > tonumber(journaled or 0) then
    redis.call('HSET', key, 'journaledEpoch', epoch)
    noteChanged('c:' .. name)
  end
end
advanceJournalMark(ARGV[2])
saveChanges()
return 'marked'
