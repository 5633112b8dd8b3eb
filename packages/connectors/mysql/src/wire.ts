/** A part of the driver that it does not document: commands, and packets of the protocol as they come. */
import type { Socket } from 'node:net';

/** One packet of the driver, in memory that it uses again. */
export interface WirePacket {
  readonly buffer: Buffer;
  offset: number;
  readonly end: number;
  isEOF(): boolean;
  isError(): boolean;
  asError(encoding?: string): Error;
}

/** What a command of the driver is: it writes first, then gets each packet, until it returns true. */
export interface WireCommand {
  execute(packet: WirePacket | undefined, connection: Wire): boolean;
  /** The connection broke. */
  onResult(error: Error): void;
}

export interface Wire {
  readonly stream: Socket;
  addCommand(command: WireCommand): void;
  write(bytes: Buffer): void;
  sequenceId: number;
}

export function sendCommand(connection: Wire, request: Buffer): void {
  const head = Buffer.alloc(4);
  head.writeUIntLE(request.length, 0, 3);
  // A command is the first packet, and its answer the next.
  connection.sequenceId = 1;
  connection.write(Buffer.concat([head, request]));
}
