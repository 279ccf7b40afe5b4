import { DOCTOR_COOKIE } from '@romm-netplay/protocol';

/** What the doctor shows is no credential, so it can be sent anywhere. */
const NO_CREDENTIAL = 'Bearer netplay-doctor';
export const MARKED = { cookie: `${DOCTOR_COOKIE}=1`, authorization: NO_CREDENTIAL };
