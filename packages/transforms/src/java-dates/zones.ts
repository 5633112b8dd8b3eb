/** Time zones in text: offsets in the forms that SimpleDateFormat reads, and names of UTC. */

export interface ParsedZone {
  readonly offsetMs: number;
  readonly end: number;
}

const utcNames = ['Coordinated Universal Time', 'Greenwich Mean Time', 'UTC', 'GMT', 'UT', 'Z'];

/**
 * Letters z and Z: `+0130`, `GMT`, `GMT+1:30`, names of UTC. Abbreviations of other zones are refused, since most
 * mean several: use offsets.
 */
export function parseZone(text: string, at: number): ParsedZone | undefined {
  const rest = text.slice(at);
  const [gmt, gmtSign, gmtHours, gmtMinutes] = /^GMT([+-])(\d{1,2}):(\d{2})/i.exec(rest) ?? [];
  if (gmt !== undefined) return offset(gmtSign, gmtHours, gmtMinutes, at + gmt.length);
  if (/^GMT[+-]/i.test(rest)) return undefined;
  const [rfc, sign, hours, minutes] = /^([+-])(\d{2})(\d{2})/.exec(rest) ?? [];
  if (rfc !== undefined) return offset(sign, hours, minutes, at + rfc.length);
  const name = utcNames.find((each) => rest.toLowerCase().startsWith(each.toLowerCase()));
  return name === undefined ? undefined : { offsetMs: 0, end: at + name.length };
}

/** Letter X: once `+01`, twice `+0130`, three times `+01:30`; `Z` always. */
export function parseIsoZone(text: string, at: number, count: number): ParsedZone | undefined {
  const rest = text.slice(at);
  if (rest.startsWith('Z')) return { offsetMs: 0, end: at + 1 };
  const patterns = [/^([+-])(\d{2})/, /^([+-])(\d{2})(\d{2})/, /^([+-])(\d{2}):(\d{2})/];
  const [found, sign, hours, minutes] = patterns[count - 1]?.exec(rest) ?? [];
  return found === undefined ? undefined : offset(sign, hours, minutes, at + found.length);
}

function offset(
  sign: string | undefined,
  hours: string | undefined,
  minutes: string | undefined,
  end: number,
): ParsedZone | undefined {
  const hour = Number(hours ?? 0);
  const minute = Number(minutes ?? 0);
  if (hour > 23 || minute > 59) return undefined;
  return { offsetMs: (sign === '-' ? -1 : 1) * (hour * 60 + minute) * 60_000, end };
}
