/**
 * The product's scripts with the test's time instead of the server's: only so can a server and the fake give the
 * same fences, dates and ids of entries. The time is read from a key, which the test sets before each call.
 */
import { assert } from '@sluice/kernel';

export const clockKey = 'clock';

/** Redis' own rule for `*`: the time, unless the clock went back or the millisecond has an entry already. */
const prelude = `
local function clock() return redis.call('LRANGE', '${clockKey}', 0, -1) end
local function entryId(key)
  local time = clock()
  local ms, number = time[1] * 1000 + math.floor(time[2] / 1000), 0
  if redis.call('EXISTS', key) == 1 then
    local info = redis.call('XINFO', 'STREAM', key)
    for index = 1, #info, 2 do
      if info[index] == 'last-generated-id' then
        local lastMs, lastNumber = string.match(info[index + 1], '^(%d+)-(%d+)$')
        if ms <= tonumber(lastMs) then ms, number = tonumber(lastMs), lastNumber + 1 end
      end
    end
  end
  return string.format('%.0f-%.0f', ms, number)
end
`;

const append = /'XADD', (?<key>tag \.\. ':[a-z]+'),(?<options>[^)]*?) '\*',/g;

export function withTestClock(text: string): string {
  const clocked = text
    .replaceAll("redis.call('TIME')", 'clock()')
    .replaceAll(append, "'XADD', $<key>,$<options> entryId($<key>),");
  assert(!/'TIME'|'XADD'[^)]*'\*'/.test(clocked), `a clock is left in ${text}`);
  return clocked.replace('\n', () => prelude);
}
