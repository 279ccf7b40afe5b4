import type { ChatLine } from '@romm-netplay/protocol';
import { MAX_CHAT_HISTORY, MAX_CHAT_HISTORY_BYTES } from '@romm-netplay/protocol/wire';

/** What was said last in a room, oldest first; bounded in lines and in bytes. */
export class ChatHistory {
  readonly #lines: { readonly line: ChatLine; readonly bytes: number }[] = [];
  #bytes = 0;

  constructor(lines: readonly ChatLine[] = []) {
    for (const line of lines) this.add(line);
  }

  get lines(): ChatLine[] {
    return this.#lines.map(({ line }) => line);
  }

  add(line: ChatLine): void {
    const bytes = Buffer.byteLength(JSON.stringify(line));
    this.#lines.push({ line, bytes });
    this.#bytes += bytes;
    while (this.#lines.length > MAX_CHAT_HISTORY || this.#bytes > MAX_CHAT_HISTORY_BYTES) {
      this.#bytes -= this.#lines.shift()?.bytes ?? 0;
    }
  }
}
