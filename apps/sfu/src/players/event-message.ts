import type { Events, EventType } from '@romm-netplay/protocol';

/**
 * An event on its way to connections of whatever protocol. Its text is encoded when the first connection asks
 * for it, and once for all of them; a gateway that speaks otherwise translates `type` and `data` instead.
 */
export class EventMessage<T extends EventType = EventType> {
  readonly type: T;
  readonly data: Events[T];
  #text: string | undefined;

  constructor(type: T, data: Events[T]) {
    this.type = type;
    this.data = data;
  }

  /** The text frame of netplay.v1. */
  get text(): string {
    this.#text ??= JSON.stringify({ type: this.type, data: this.data });
    return this.#text;
  }
}
