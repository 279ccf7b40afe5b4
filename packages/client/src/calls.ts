import type { Replies, RequestInput, RequestType } from '@romm-netplay/protocol';
import type { SocketErrorBody } from '@romm-netplay/protocol/wire';
import { clientError, NetplayError } from './errors.js';
import { isOpen, type WebSocketLike } from './web-socket.js';

export interface Reply {
  readonly id: number;
  readonly ok: boolean;
  readonly data?: unknown;
  readonly error?: Partial<SocketErrorBody>;
}

/** Requests under way, by id. */
export interface Calls {
  send<T extends RequestType>(type: T, data: RequestInput<T>): Promise<Replies[T]>;
  settle(reply: Reply): void;
  /** Fails what is under way. */
  abandon(error: NetplayError): void;
}

interface Call {
  resolve(data: never): void;
  reject(error: NetplayError): void;
  readonly timer: ReturnType<typeof setTimeout>;
}

export function createCalls(socket: WebSocketLike, timeoutMs: number): Calls {
  const pending = new Map<number, Call>();
  let lastId = 0;

  function take(id: number): Call | undefined {
    const call = pending.get(id);
    pending.delete(id);
    clearTimeout(call?.timer);
    return call;
  }

  return {
    send(type, data) {
      if (!isOpen(socket)) return Promise.reject(clientError('connection_closed'));
      const id = (lastId += 1);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => take(id)?.reject(clientError('timeout', { about: type })), timeoutMs);
        pending.set(id, { resolve, reject, timer });
        socket.send(JSON.stringify({ id, type, data }));
      });
    },

    settle({ id, ok, data, error }) {
      const call = take(id);
      if (ok) call?.resolve((data ?? {}) as never);
      else call?.reject(refusal(error));
    },

    abandon(error) {
      for (const id of [...pending.keys()]) take(id)?.reject(error);
    },
  };
}

const refusal = ({ code, message, retryable }: Partial<SocketErrorBody> = {}): NetplayError =>
  typeof code === 'string'
    ? new NetplayError({ code, message: message ?? code, retryable: retryable === true })
    : clientError('bad_response');
