import { Buffer } from 'node:buffer';

/** Of one answer. Brokers send what is asked for, in batches of some MB; more is not their protocol. */
const answerBytesMax = 256 * 1024 * 1024;

/**
 * Splits what a broker sends into answers. Each is copied once, as it arrives, into a buffer of its own, so
 * that the buffer it arrived in can be used again: kafkajs keeps what arrives and puts it together at the
 * end, which costs several times as much for answers of megabytes.
 *
 * @throws Error when the bytes cannot be an answer; nothing more may be pushed then.
 */
export class AnswerFrames {
  readonly #onAnswer: (correlationId: number, payload: Buffer) => void;
  /** Length of the answer, as far as it has come. */
  readonly #length: Buffer = Buffer.alloc(4);
  #lengthBytes = 0;
  #answer: Buffer | undefined;
  #answerBytes = 0;

  constructor(onAnswer: (correlationId: number, payload: Buffer) => void) {
    this.#onAnswer = onAnswer;
  }

  /** `data` is not kept. */
  push(data: Buffer): void {
    let at = 0;
    while (at < data.length) {
      at += this.#answer === undefined ? this.#takeLength(data, at) : 0;
      const answer = this.#answer;
      if (answer === undefined) continue;
      const copied = data.copy(answer, this.#answerBytes, at);
      at += copied;
      this.#answerBytes += copied;
      if (this.#answerBytes === answer.length) {
        this.#answer = undefined;
        this.#onAnswer(answer.readInt32BE(0), answer.subarray(4));
      }
    }
  }

  #takeLength(data: Buffer, at: number): number {
    const taken = data.copy(this.#length, this.#lengthBytes, at);
    this.#lengthBytes += taken;
    if (this.#lengthBytes < 4) return taken;
    const bytes = this.#length.readInt32BE(0);
    if (bytes < 4 || bytes > answerBytesMax) throw new Error(`an answer of ${bytes} bytes`);
    this.#lengthBytes = 0;
    this.#answer = Buffer.allocUnsafe(bytes);
    this.#answerBytes = 0;
    return taken;
  }
}
