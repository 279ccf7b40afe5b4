/** The read token of DOCTOR_READ_TOKEN: not an option of the command, because others see those. */
export const readTokenOf = (
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined => {
  const token = env['DOCTOR_READ_TOKEN']?.trim();
  return token === '' ? undefined : token;
};
