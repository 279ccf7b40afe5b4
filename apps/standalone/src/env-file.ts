import { loadEnvFile } from 'node:process';
import { ConfigError } from '@romm-netplay/service-kit';

/**
 * Takes the variables of `.env` in the working directory, where there is one. What the environment has itself
 * wins.
 */
export function readEnvFile(): void {
  try {
    loadEnvFile('.env');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new ConfigError([`.env cannot be read: ${message}`]);
  }
}
