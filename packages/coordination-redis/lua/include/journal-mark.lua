--- How far this data set has followed which journal: `<journal>|<position>`.
local function advanceJournalMark(journal, position)
  local stored = redis.call('GET', tag .. ':journal') or ''
  local id, reached = string.match(stored, '^(.*)|(%d+)$')
  if id == journal and tonumber(reached) >= tonumber(position) then return end
  redis.call('SET', tag .. ':journal', journal .. '|' .. position)
end
