import type { IncomingHttpHeaders } from 'node:http';
import { DOCTOR_COOKIE } from '@romm-netplay/protocol';

const COOKIE = new RegExp(`(?:^|;\\s*)${DOCTOR_COOKIE}=[^;\\s]`);

/** What arrived of a request of the doctor, and when by this clock. Holds nothing that came with it. */
export const arrivedOf = ({ cookie = '', authorization = '' }: IncomingHttpHeaders, time: number) => ({
  cookie: COOKIE.test(cookie),
  authorization: authorization !== '',
  time,
});
