import type { ChannelLike, LocksLike, StorageLike } from './runtime.js';

/**
 * What browsers have and other runtimes may lack. Described here, so that programs that use the client need no
 * types of the DOM.
 */
interface Surroundings {
  readonly location?: { readonly href: string };
  readonly navigator?: {
    readonly onLine?: boolean;
    /** Absent on pages that are no secure context. */
    readonly locks?: LocksLike;
  };
  readonly BroadcastChannel?: new (name: string) => ChannelLike;
  readonly localStorage?: StorageLike;
  reportError?(error: unknown): void;
  addEventListener?(type: 'online', listener: () => void, options: { once: true }): void;
}

export const surroundings = globalThis as unknown as Surroundings;
