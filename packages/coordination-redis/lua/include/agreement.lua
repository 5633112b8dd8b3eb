--- What all processes of a cluster agree on: the version of the protocol in use, which only grows, and the
--- record log. Kept in `protocol` and `log`.

--- A new data set begins with the lowest version that its first process speaks; one from before versions
--- were kept has the first.
local function protocolInUse(min)
  local inUse = redis.call('GET', tag .. ':protocol')
  if not inUse then
    inUse = redis.call('EXISTS', tag .. ':leader-epoch') == 1 and 1 or min
    redis.call('SET', tag .. ':protocol', inUse)
  end
  return tonumber(inUse)
end

--- Why someone may not take part, as a reply; nil if nothing is in the way. Who is alone may choose the log.
local function disagreement(min, max, log, isAlone)
  local inUse = protocolInUse(min)
  if inUse < tonumber(min) or inUse > tonumber(max) then
    return { 'refused', 'protocol', string.format('%.0f', inUse) }
  end
  local logInUse = redis.call('GET', tag .. ':log')
  if logInUse and logInUse ~= log and not isAlone then return { 'refused', 'log', logInUse } end
  return nil
end

local function useLog(log)
  if redis.call('GET', tag .. ':log') ~= log then redis.call('SET', tag .. ':log', log) end
end
