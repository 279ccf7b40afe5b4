/** 8-byte integers hold times in milliseconds, which fit a number until the year 287396. */
export const INT8_OID = 20;
