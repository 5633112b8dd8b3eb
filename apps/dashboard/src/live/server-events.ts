/** Server-sent events, out of text that comes in pieces. Pure but for what is left over of the last piece. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Of one event; a server that sends more without an end is not ours. */
const charactersMax = 64 * 1024 * 1024;

export class ServerEvents {
  #rest = '';

  /** @throws Error when an event is longer than any can be. */
  push(text: string): ServerEvent[] {
    const parts = (this.#rest + text).split(/\r?\n\r?\n/);
    this.#rest = parts.pop() ?? '';
    if (this.#rest.length > charactersMax) throw new Error('an event of the stream has no end');
    return parts.flatMap(parseEvent);
  }
}

function parseEvent(block: string): ServerEvent[] {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 ? [] : [{ event, data: data.join('\n') }];
}
