/** One open dashboard: reads the stream, applies what comes, and notes when it saw what it waits for. */
import { applyChange, type LiveChange, type LiveView } from '@sluice/rest-api/live';

export class DashboardClient {
  /** From asking to the view. */
  firstViewMs = Number.NaN;
  bytes = 0;
  changes = 0;
  #view: LiveView | undefined;
  readonly #awaited = new Map<string, (view: LiveView) => boolean>();
  readonly #seenMs = new Map<string, number>();
  readonly #ending = new AbortController();

  static async open(url: string): Promise<DashboardClient> {
    const client = new DashboardClient();
    const beganMs = performance.now();
    const response = await fetch(`${url}/sluice/live`, { signal: client.#ending.signal });
    if (!response.ok || !response.body) throw new Error(`/sluice/live answered ${response.status}`);
    const { promise, resolve } = Promise.withResolvers<void>();
    client
      .#read(response.body, () => {
        client.firstViewMs = performance.now() - beganMs;
        resolve();
      })
      .catch(() => {});
    await promise;
    return client;
  }

  /** Notes when the view is so. */
  await(key: string, isSo: (view: LiveView) => boolean): void {
    this.#awaited.set(key, isSo);
  }

  /** By `performance.now()`; once. */
  seenMs(key: string): number | undefined {
    return this.#seenMs.get(key);
  }

  close(): void {
    this.#ending.abort();
  }

  async #read(body: ReadableStream<Uint8Array>, onView: () => void): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body) {
      this.bytes += chunk.length;
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const [, event = '', data = '{}'] =
          /^event: (\w+)\ndata: (.*)$/s.exec(text.slice(0, end)) ?? [];
        text = text.slice(end + 2);
        this.#take(event, data);
        if (event === 'view') onView();
      }
    }
  }

  #take(event: string, data: string): void {
    if (event === 'view') this.#view = JSON.parse(data) as LiveView;
    if (event === 'change' && this.#view) {
      this.changes++;
      this.#view = applyChange(this.#view, JSON.parse(data) as LiveChange);
    }
    const view = this.#view;
    if (!view) return;
    for (const [key, isSo] of this.#awaited) {
      if (!isSo(view)) continue;
      this.#seenMs.set(key, performance.now());
      this.#awaited.delete(key);
    }
  }
}
