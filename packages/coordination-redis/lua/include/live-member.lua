--- Whether an incarnation is a member that was not declared dead, and its state if it is.
local function liveState(worker, incarnation)
  local member, state = unpack(redis.call('HMGET', tag .. ':m:' .. worker, 'incarnation', 'state'))
  if member ~= incarnation or state == 'dead' then return nil end
  return state
end
