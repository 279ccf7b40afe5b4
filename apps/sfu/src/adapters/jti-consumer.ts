import type { JtiStore } from '@romm-netplay/shared-state';
import type { WriteTokenConsumer } from '../ports.js';

/** Uses up write tokens in the state this node shares with auth (modes A1 and A2). */
export const createJtiConsumer = (jtis: JtiStore): WriteTokenConsumer => ({
  consume: (_token, { jti, sub }) => jtis.consume(jti, sub),
});
