/** A command as scripts call it. */

/** A status is a table in a script, and a text to everybody else. */
export class Status {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** False is nil. */
export type CommandReply = string | number | false | Status | CommandReply[];

export interface ScriptCommand<Database> {
  readonly name: string;
  /** Without the command's name; the key is the first. */
  readonly argumentsMin: number;
  readonly argumentsMax: number;
  /** `list`: always a new one, of texts and numbers. `nested` are lists in lists, which no script reads. */
  readonly reply: 'plain' | 'status' | 'list' | 'nested';
  readonly run: (database: Database, ...args: string[]) => CommandReply;
}
