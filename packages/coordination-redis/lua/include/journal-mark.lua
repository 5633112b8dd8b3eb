--- How far this data set has followed which journal: `<journal>|<position>`.

--- Whether it has followed as far as the caller thinks: '' not at all yet, '*' for a caller who does not say. One that
--- went back since has lost what is in the journal up to there: it must not be told to be further.
local function isJournalMark(known)
  return known == '*' or known == (redis.call('GET', tag .. ':journal') or '')
end

local function advanceJournalMark(mark)
  local journal, position = string.match(mark, '^(.*)|(%d+)$')
  local id, reached = string.match(redis.call('GET', tag .. ':journal') or '', '^(.*)|(%d+)$')
  if id == journal and tonumber(reached) >= tonumber(position) then return end
  redis.call('SET', tag .. ':journal', mark)
end
