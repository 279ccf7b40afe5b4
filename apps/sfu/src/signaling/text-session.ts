import { requestEnvelope, type RequestId } from '@romm-netplay/protocol';
import type { SocketErrorBody } from '@romm-netplay/protocol/wire';
import { SocketError } from '../errors.js';
import { farewellFor } from './refusal.js';
import type { RequestRates } from './request-rates.js';
import type { Session } from './session.js';

interface Envelope {
  readonly id: RequestId;
  readonly type: string;
  readonly data: unknown;
}

/**
 * The text frames of netplay.v1 over a session: a request in, its reply or refusal out. Neither this nor the
 * session's binary and closing inputs throw or reject, whatever arrives.
 */
export class TextSession {
  readonly #session: Session;
  readonly #rates: RequestRates;
  readonly #sendText: (text: string) => void;

  constructor(session: Session, rates: RequestRates, sendText: (text: string) => void) {
    this.#session = session;
    this.#rates = rates;
    this.#sendText = sendText;
  }

  receiveText(text: string): void {
    if (this.#session.closed) return;
    const envelope = readEnvelope(text);
    if (envelope === undefined) {
      this.#session.close('badMessage');
      return;
    }
    if (!this.#rates.allows(envelope.type)) {
      this.#session.close('tooManyMessages');
      return;
    }
    try {
      if (envelope.type === 'list-rooms' && !this.#rates.mayList()) throw new SocketError('busy');
      this.#session.inTurn(() => this.#answer(envelope));
    } catch (error) {
      this.#refuse(envelope.id, error);
    }
  }

  async #answer({ id, type, data }: Envelope): Promise<void> {
    try {
      const reply = await this.#session.handle(type, data);
      this.#sendText(JSON.stringify({ id, ok: true, data: reply }));
    } catch (error) {
      const refusal = this.#refuse(id, error);
      // A connection that nobody stands behind is of no use.
      if (!this.#session.authenticated) this.#session.close(farewellFor(refusal));
    }
  }

  #refuse(id: RequestId, error: unknown): SocketErrorBody {
    const refusal = this.#session.describe(error);
    this.#sendText(JSON.stringify({ id, ok: false, error: refusal }));
    return refusal;
  }
}

function readEnvelope(text: string): Envelope | undefined {
  try {
    return requestEnvelope.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
