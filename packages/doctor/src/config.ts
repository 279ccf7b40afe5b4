import { loadEnvFile } from 'node:process';

/** The read token of DOCTOR_READ_TOKEN: not an option of the command, because others see those. */
export const readTokenOf = (
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined => {
  const token = env['DOCTOR_READ_TOKEN']?.trim();
  return token === '' ? undefined : token;
};

/** Where `npm start` with the same settings listens: those of the environment, then of `.env`. */
export function ownUrls() {
  try {
    loadEnvFile('.env');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new Error(`.env cannot be read: ${message}`, { cause: error });
  }
  const { AUTH_PORT, SFU_PORT } = process.env;
  return {
    authUrl: `http://localhost:${AUTH_PORT?.trim() || '3100'}`,
    sfuUrl: `http://localhost:${SFU_PORT?.trim() || '3001'}`,
  };
}
